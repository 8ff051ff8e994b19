/** Normalisation with its denominator and what it divides as sites. */
import { type Axes, Tap } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { residualAxes } from "../axes.js";
import type { NormConfig } from "../config/config.js";

/** What is normalised, where it is not the residual stream. */
export interface NormOptions {
  /** The input is (batch, position, this axis, headDim). Default: (batch, position, hidden). */
  readonly headAxis?: "heads" | "kvHeads" | "groups";
  /** The last axis, where it is another than `hidden` or `headDim`. */
  readonly lastAxis?: "mlpHidden";
  /** Whether the input is (batch, hidden). Default: false. */
  readonly pooled?: boolean;
  /** Gives each of so many heads a weight of its own. */
  readonly heads?: number;
}

/** What a pass divides by, where it changes that; (batch, position, 1). */
export interface Denominators {
  by?: MxArray;
}

/**
 * RMSNorm or LayerNorm over the last axis: `(x [- mean]) / scale · weight [+ bias]`, where `scale` is
 * `sqrt(mean(x²) + epsilon)` or `sqrt(variance + epsilon)`. Some families store `weight - 1`, few have none.
 */
export class Norm extends nn.Module {
  readonly kind: NormConfig["kind"];
  readonly epsilon: number;
  readonly unitOffset: boolean;
  readonly byHead: boolean;
  readonly pooled: boolean;
  weight: MxArray | null = null; // (dims) or (heads, dims)
  bias: MxArray | null = null; // likewise
  readonly scale: Tap<Axes, "hook_scale">;
  readonly normalized: Tap<Axes, "hook_normalized">;

  constructor(dims: number, config: NormConfig, options: NormOptions = {}) {
    super();
    const { headAxis, heads, lastAxis = headAxis ? "headDim" : "hidden", pooled } = options;
    const shape = heads ? [heads, dims] : [dims];
    this.kind = config.kind;
    this.epsilon = config.epsilon;
    this.unitOffset = config.unitOffset ?? false;
    this.byHead = headAxis !== undefined;
    this.pooled = pooled ?? false;
    if (config.weight ?? true) this.weight = this.unitOffset ? mx.zeros(shape) : mx.ones(shape);
    if (config.bias) this.bias = mx.zeros(shape);
    const outer: Axes = pooled ? ["batch"] : ["batch", "position", ...(headAxis ? [headAxis] : [])];
    this.scale = new Tap<Axes, "hook_scale">([...outer, "one"], {
      holds: "The norm's denominator.",
      hook: "hook_scale",
    });
    this.normalized = new Tap<Axes, "hook_normalized">([...outer, lastAxis], {
      holds: "`(x [- mean]) / scale`, before weight and bias.",
      hook: "hook_normalized",
    });
  }

  get outputAxes(): Axes {
    return this.byHead || this.pooled ? this.normalized.axes : residualAxes;
  }

  /**
   * @param x (…, dims), or (batch, position, heads, dims) with a head axis
   * @param used where a pass changes the denominators, takes what it divides by
   */
  override forward(x: MxArray, used?: Denominators): MxArray {
    const { weight, byHead } = this;
    if (!byHead) return this.normalize(x, x.shape, used);
    // In rows: binding 0.0.7 computes wrong gradients, and cached passes, where one of four axes has length one.
    const rows = x.reshape(weight?.ndim === 2 ? [-1, ...weight.shape] : [-1, x.shape[3]]);
    return this.normalize(rows, x.shape).reshape(x.shape);
  }

  /**
   * The same of any stack of vectors, with nothing to be read or changed.
   *
   * @param x (…, dims)
   * @param by (…, 1) to divide by. Default: their own denominators
   */
  plain(x: MxArray, by?: MxArray): MxArray {
    const { bias, kind, epsilon, unitOffset } = this;
    const weight = this.weight && unitOffset ? mx.add(this.weight, 1) : this.weight;
    if (by || weight?.ndim !== 1) {
      return affine(mx.divide(centred(x, kind), by ?? denominator(x, kind, epsilon)), weight, bias);
    }
    const dims = x.shape[x.ndim - 1];
    return kernel(x.reshape([-1, dims]), kind, epsilon, weight, bias).reshape(x.shape);
  }

  /** @param shape of the input, which `x` may hold in rows */
  private normalize(x: MxArray, shape: readonly number[], used?: Denominators): MxArray {
    const { kind, scale, normalized, bias, epsilon, unitOffset } = this;
    const weight = this.weight && unitOffset ? mx.add(this.weight, 1) : this.weight;
    const divisor = () => denominator(x, kind, epsilon).reshape([...shape.slice(0, -1), 1]);
    const divided = (by: MxArray) => mx.divide(centred(x, kind).reshape(shape), by);
    if (scale.changed || normalized.changed) {
      const by = scale.forward(divisor());
      if (used && scale.changed) used.by = by;
      const quotient = normalized.forward(divided(by));
      return affine(quotient.reshape(x.shape), weight, bias);
    }
    scale.derive(divisor);
    normalized.derive(() => divided(divisor()));
    const one = weight ?? mx.ones([x.shape[x.ndim - 1]], x.dtype);
    if (one.ndim === 1) return kernel(x, kind, epsilon, one, bias);
    // The kernels take one weight for all heads only.
    const quotient = kernel(x, kind, epsilon, mx.ones([one.shape[1]], x.dtype), null);
    return affine(quotient, one, bias);
  }
}

function centred(x: MxArray, kind: NormConfig["kind"]): MxArray {
  return kind === "layer" ? mx.subtract(x, mx.mean(x, -1, true)) : x;
}

function kernel(
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

function affine(x: MxArray, weight: MxArray | null, bias: MxArray | null): MxArray {
  const weighted = weight ? mx.multiply(x, weight) : x;
  return bias ? mx.add(weighted, bias) : weighted;
}

function denominator(x: MxArray, kind: NormConfig["kind"], epsilon: number): MxArray {
  const power = kind === "layer" ? mx.variance(x, -1, true) : mx.mean(mx.square(x), -1, true);
  return mx.sqrt(mx.add(power, epsilon)); // (batch, …, 1)
}
