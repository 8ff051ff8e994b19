/** A gated MLP of which most neurons are off. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type ResidualAxes, residualAxes } from "../decoder/axes.js";
import { activations } from "../decoder/mlp/activations.js";
import { Norm } from "../decoder/norm/norm.js";
import { asAdded, type Write } from "../decoder/norm/write.js";
import type { StreamsConfig, StreamsLayerConfig } from "./config.js";
import { normalQuantile } from "./normal-quantile.js";

export class SparseMlp extends nn.Module implements Write {
  readonly activation: (x: MxArray) => MxArray;
  /** How many standard deviations above the mean what enters a neuron must be; undefined where all are on. */
  readonly threshold: number | undefined;
  readonly gateProj: Linear;
  readonly upProj: Linear;
  readonly pre = new Tap(["batch", "position", "mlpHidden"], {
    holds: "What enters the nonlinearity: what is left above the threshold, where there is one.",
  });
  readonly gate = new Tap(["batch", "position", "mlpHidden"], {
    holds: "The linear branch, which multiplies the activations.",
  });
  readonly post = new Tap(["batch", "position", "mlpHidden"], {
    holds: "Neuron activations, gated: what `downProj` reads.",
  });
  readonly downProj: Linear;
  readonly postNorm: Norm;
  readonly outputScale = undefined;

  constructor({ hidden, activation, norm }: StreamsConfig, layer: StreamsLayerConfig) {
    super();
    const { mlpHidden, sparsity = 0 } = layer;
    this.activation = activations[activation];
    this.threshold = sparsity > 0 ? normalQuantile(sparsity) : undefined;
    this.gateProj = new nn.Linear(hidden, mlpHidden, false);
    this.upProj = new nn.Linear(hidden, mlpHidden, false);
    this.downProj = new nn.Linear(mlpHidden, hidden, false);
    this.postNorm = new Norm(hidden, norm);
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /** What it returns is added to the residual stream, so leaving it out is adding nothing. */
  get writesResidual(): true {
    return true;
  }

  /** @param x (batch, position, hidden), normalised */
  override forward(x: MxArray): MxArray {
    const active = this.activation(this.pre.forward(this.above(this.gateProj.forward(x))));
    const gated = mx.multiply(active, this.gate.forward(this.upProj.forward(x)));
    return asAdded(this.downProj.forward(this.post.forward(gated)), this);
  }

  private above(x: MxArray): MxArray {
    if (this.threshold === undefined) return x;
    const deviation = mx.sqrt(mx.variance(x, -1, true));
    const cut = mx.add(mx.mean(x, -1, true), mx.multiply(deviation, this.threshold));
    return mx.maximum(mx.subtract(x, cut), mx.array(0, x.dtype));
  }
}
