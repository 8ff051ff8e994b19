/** Normalisation with its denominator as a site. */
import { type Axes, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { residualAxes } from "./axes.js";
import type { NormConfig } from "./config.js";

/**
 * RMSNorm or LayerNorm: `(x [- mean]) / scale · weight [+ bias]`, where `scale` is
 * `sqrt(mean(x²) + epsilon)` or `sqrt(variance + epsilon)`.
 */
export class Norm extends nn.Module {
  readonly kind: NormConfig["kind"];
  readonly epsilon: number;
  weight: MxArray; // (hidden)
  bias: MxArray | null = null; // (hidden)
  /** The denominator. */
  readonly scale = new Tap(["batch", "position", "one"]);

  constructor(dims: number, config: NormConfig) {
    super();
    this.kind = config.kind;
    this.epsilon = config.epsilon;
    this.weight = mx.ones([dims]);
    if (config.bias) this.bias = mx.zeros([dims]);
  }

  get outputAxes(): Axes {
    return residualAxes;
  }

  /** @param x (batch, position, hidden) */
  override forward(x: MxArray): MxArray {
    const { kind, scale, weight, bias, epsilon } = this;
    if (scale.changed) {
      const centred = kind === "layer" ? mx.subtract(x, mx.mean(x, -1, true)) : x;
      const normalized = mx.divide(centred, scale.forward(denominator(x, kind, epsilon)));
      const weighted = mx.multiply(normalized, weight);
      return bias ? mx.add(weighted, bias) : weighted;
    }
    scale.derive(() => denominator(x, kind, epsilon));
    return kind === "layer"
      ? mx.fast.layerNorm(x, weight, bias, epsilon)
      : mx.fast.rmsNorm(x, weight, epsilon);
  }
}

function denominator(x: MxArray, kind: NormConfig["kind"], epsilon: number): MxArray {
  const power = kind === "layer" ? mx.variance(x, -1, true) : mx.mean(mx.square(x), -1, true);
  return mx.sqrt(mx.add(power, epsilon)); // (batch, position, 1)
}
