/** Linear layers and embeddings whose matrix stays packed; in a model they stand where the plain ones stood. */
import { type Embedding, type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import type { ProjectedEmbedding } from "../../decoder/embedding/projected-embedding.js";
import type { ScaledEmbedding } from "../../decoder/embedding/scaled-embedding.js";
import { ExpertLinear } from "../../decoder/experts/expert-linear.js";
import { Router } from "../../decoder/experts/router.js";
import { multiplyPacked } from "../../packed/multiply-packed.js";
import { PackedModule } from "../../packed/packed-module.js";
import { type PackedWeight, unpack } from "../../packed/scheme.js";
import { QuantizedExpertLinear, QuantizedRouter } from "./quantized-experts.js";

/** `x · Wᵀ + bias` without ever unpacking the whole matrix. */
export class QuantizedLinear extends PackedModule {
  bias: MxArray | undefined; // (out)

  constructor(packed: PackedWeight, bias?: MxArray) {
    super(packed);
    if (bias) this.bias = bias;
  }

  /** @param x (…, in); returns (…, out) */
  override forward(x: MxArray): MxArray {
    const y = multiplyPacked(x, this);
    return this.bias ? mx.add(y, this.bias) : y;
  }
}

/** Rows of a packed matrix. */
export class QuantizedEmbedding extends PackedModule {
  /** Multiplies the rows, as in families that scale their embeddings, but not the tied unembedding. */
  readonly scale: number | undefined;
  /** Takes rows to the width of the residual stream, in families whose embeddings have another. */
  readonly projection: Linear | undefined;

  constructor(packed: PackedWeight, scale?: number, projection?: Linear) {
    super(packed);
    this.scale = scale;
    if (projection) this.projection = projection;
  }

  /** @param ids (…); returns (…, dims) */
  override forward(ids: MxArray): MxArray {
    const { bits, groupSize, scale, projection } = this;
    const flat = ids.reshape([-1]);
    const [weight, scales, biases] = [this.weight, this.scales, this.biases].map((part) =>
      part.index(flat),
    );
    const rows = unpack({ weight, scales, biases, bits, groupSize }).reshape([...ids.shape, -1]);
    const scaled = scale === undefined ? rows : mx.multiply(rows, scale);
    return projection ? projection.forward(scaled) : scaled;
  }

  /** @param x (…, dims); returns (…, rows) */
  asLinear(x: MxArray): MxArray {
    return multiplyPacked(x, this);
  }
}

/** What can stand in place of a plain layer. */
export type QuantizedModule =
  | QuantizedLinear
  | QuantizedEmbedding
  | QuantizedExpertLinear
  | QuantizedRouter;

/**
 * The packed form of a layer, or undefined for a module whose weight cannot be packed.
 *
 * @param plain keeps its bias, scale and projection; its matrix is not read
 */
export function quantizedLike(plain: unknown, packed: PackedWeight): QuantizedModule | undefined {
  if (plain instanceof nn.Linear) return new QuantizedLinear(packed, (plain as Linear).bias);
  if (plain instanceof ExpertLinear) {
    return new QuantizedExpertLinear(packed, plain.bias, plain.outputAxes);
  }
  if (plain instanceof Router) return new QuantizedRouter(packed, plain.bias, plain.correction);
  if (!(plain instanceof nn.Embedding)) return undefined;
  const { scale, projection } = plain as Embedding & Partial<ScaledEmbedding & ProjectedEmbedding>;
  return new QuantizedEmbedding(packed, scale, projection);
}
