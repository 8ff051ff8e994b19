/** What a layer writes of its own embedding of each token, once attention and the MLP have written. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../axes.js";
import type { EmbeddingWriteConfig } from "../config/config.js";
import { activations } from "../mlp/activations.js";
import { Norm } from "../norm/norm.js";

/** `postNorm(outProj(activation(gateProj(x)) · gate))`. Source: Google 2026, "Gemma 4 model card"; the same in Gemma 3n. */
export class LayerEmbeddingWrite extends nn.Module {
  readonly activation: (x: MxArray) => MxArray;
  readonly gateProj: Linear;
  readonly gate = new Tap(["batch", "position", "features"] as const, {
    holds: "The layer's own embedding of each token, which multiplies the activations.",
  });
  readonly pre = new Tap(["batch", "position", "features"] as const, {
    holds: "What enters the nonlinearity, of the stream after the MLP.",
  });
  readonly post = new Tap(["batch", "position", "features"] as const, {
    holds: "The activations times the embedding: what `outProj` reads.",
  });
  readonly outProj: Linear;
  readonly postNorm: Norm;

  constructor(hidden: number, { width, activation, norm }: EmbeddingWriteConfig) {
    super();
    this.activation = activations[activation];
    this.gateProj = new nn.Linear(hidden, width, false);
    this.outProj = new nn.Linear(width, hidden, false);
    this.postNorm = new Norm(hidden, norm);
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** What it returns is added to the residual stream, so leaving it out is adding nothing. */
  get writesResidual(): true {
    return true;
  }

  /**
   * @param x the residual stream after the MLP, (batch, position, hidden)
   * @param own the layer's embedding of each token, (batch, position, width)
   */
  override forward(x: MxArray, own: MxArray): MxArray {
    const pre = this.pre.forward(this.gateProj.forward(x));
    const read = mx.multiply(this.activation(pre), this.gate.forward(own));
    return this.postNorm.forward(this.outProj.forward(this.post.forward(read)));
  }
}
