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
  /** Multiply weights, (experts). */
  expertScales: MxArray | null = null;
  /** Multiplies what is read. */
  readonly inputScale: number | undefined;

  constructor(hidden: number, { count, routerBias, correctionBias, ownNorms }: ExpertsConfig) {
    super();
    this.weight = mx.zeros([count, hidden]);
    if (routerBias) this.bias = mx.zeros([count]);
    if (correctionBias) this.correction = mx.zeros([count]);
    if (ownNorms) {
      this.expertScales = mx.ones([count]);
      this.inputScale = hidden ** -0.5;
    }
  }

  get outputAxes(): Axes {
    return ["batch", "position", "experts"];
  }

  /** @param x (batch, position, hidden); returns logits, before softmax or sigmoid */
  override forward(x: MxArray): MxArray {
    const { weight, bias, inputScale } = this;
    const read = inputScale === undefined ? x : mx.multiply(x, inputScale);
    return bias ? mx.addmm(bias, read, weight.T) : mx.matmul(read, weight.T);
  }
}
