/** Scores every expert for every token. */
import type { Axes } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import type { ExpertsConfig } from "../config/experts-config.js";

/** The projection whose outputs say how well each expert suits a token. */
export class Router extends nn.Module {
  weight: MxArray; // (experts, hidden)
  bias: MxArray | null = null; // (experts)
  /** Added to scores for the choice only, (experts). */
  correction: MxArray | null = null;

  constructor(hidden: number, { count, routerBias, correctionBias }: ExpertsConfig) {
    super();
    this.weight = mx.zeros([count, hidden]);
    if (routerBias) this.bias = mx.zeros([count]);
    if (correctionBias) this.correction = mx.zeros([count]);
  }

  get outputAxes(): Axes {
    return ["batch", "position", "experts"];
  }

  /** @param x (batch, position, hidden); returns logits, before softmax or sigmoid */
  override forward(x: MxArray): MxArray {
    const { weight, bias } = this;
    return bias ? mx.addmm(bias, x, weight.T) : mx.matmul(x, weight.T);
  }
}
