/** Normalisation with its denominator as a site. */
import { type Axes, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { residualAxes } from "./axes.js";
import type { NormConfig } from "./config.js";

/** What is normalised, where it is not the residual stream. */
export interface NormOptions {
  /** The input is (batch, this axis, position, headDim). Default: (batch, position, hidden). */
  readonly headAxis?: "heads" | "kvHeads";
  /** Gives each of so many heads a weight of its own. */
  readonly heads?: number;
}

/**
 * RMSNorm or LayerNorm over the last axis: `(x [- mean]) / scale · weight [+ bias]`, where `scale` is
 * `sqrt(mean(x²) + epsilon)` or `sqrt(variance + epsilon)`. Some families store `weight - 1`.
 */
export class Norm extends nn.Module {
  readonly kind: NormConfig["kind"];
  readonly epsilon: number;
  readonly unitOffset: boolean;
  weight: MxArray; // (dims) or (heads, dims)
  bias: MxArray | null = null; // likewise
  /** The denominator. */
  readonly scale: Tap;

  constructor(dims: number, config: NormConfig, options: NormOptions = {}) {
    super();
    const { headAxis, heads } = options;
    const shape = heads ? [heads, dims] : [dims];
    this.kind = config.kind;
    this.epsilon = config.epsilon;
    this.unitOffset = config.unitOffset ?? false;
    this.weight = this.unitOffset ? mx.zeros(shape) : mx.ones(shape);
    if (config.bias) this.bias = mx.zeros(shape);
    this.scale = new Tap(["batch", ...(headAxis ? [headAxis] : []), "position", "one"]);
  }

  get outputAxes(): Axes {
    const { axes } = this.scale;
    return axes.length === 3 ? residualAxes : [...axes.slice(0, -1), "headDim"];
  }

  /** @param x (batch, …, dims) */
  override forward(x: MxArray): MxArray {
    const { kind, scale, bias, epsilon } = this;
    const weight = this.unitOffset ? mx.add(this.weight, 1) : this.weight;
    if (scale.changed) {
      const centred = kind === "layer" ? mx.subtract(x, mx.mean(x, -1, true)) : x;
      const normalized = mx.divide(centred, scale.forward(denominator(x, kind, epsilon)));
      return affine(normalized, weight, bias);
    }
    scale.derive(() => denominator(x, kind, epsilon));
    if (weight.ndim === 1) return normalize(x, kind, epsilon, weight, bias);
    // The kernels take one weight for all heads only.
    const normalized = normalize(x, kind, epsilon, mx.ones([weight.shape[1]], x.dtype), null);
    return affine(normalized, weight, bias);
  }
}

function normalize(
  x: MxArray,
  kind: NormConfig["kind"],
  epsilon: number,
  weight: MxArray,
  bias: MxArray | null,
): MxArray {
  return kind === "layer"
    ? mx.fast.layerNorm(x, weight, bias, epsilon)
    : mx.fast.rmsNorm(x, weight, epsilon);
}

function affine(x: MxArray, weight: MxArray, bias: MxArray | null): MxArray {
  const spread = (array: MxArray) => (array.ndim === 1 ? array : mx.expandDims(array, 1));
  const weighted = mx.multiply(x, spread(weight));
  return bias ? mx.add(weighted, spread(bias)) : weighted;
}

function denominator(x: MxArray, kind: NormConfig["kind"], epsilon: number): MxArray {
  const power = kind === "layer" ? mx.variance(x, -1, true) : mx.mean(mx.square(x), -1, true);
  return mx.sqrt(mx.add(power, epsilon)); // (batch, …, 1)
}
