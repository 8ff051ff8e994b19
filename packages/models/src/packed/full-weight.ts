/** The matrix a layer multiplies with, whatever form it is kept in. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { type PackedWeight, unpack } from "./scheme.js";

/** What has a weight: a plain layer, a packed one, or one with a live adapter. */
export interface Weighted {
  readonly weight: MxArray;
}

/** A layer with a low-rank addition to its weight. */
export interface Adapted {
  readonly base: Weighted | Adapted;
  readonly down: Weighted; // weight (rank, in)
  readonly up: Weighted; // weight (out, rank)
  readonly scale: number;
  /** What each row of the sum is multiplied with, (out). */
  readonly factor?: MxArray;
}

/**
 * The full weight of a linear layer or embedding: unpacked if it is quantized, with the adapter's part added.
 * Lazy. Asked by properties, since inside a pass a layer may be seen through a proxy.
 *
 * @returns (out, in)
 */
export function fullWeight(layer: Weighted | Adapted): MxArray {
  if ("base" in layer) {
    const change = mx.matmul(layer.up.weight, layer.down.weight);
    const sum = mx.add(fullWeight(layer.base), mx.multiply(change, layer.scale));
    return layer.factor ? mx.multiply(sum, layer.factor.reshape([-1, 1])) : sum;
  }
  return isPacked(layer) ? unpack(layer) : layer.weight;
}

/** Whether a layer's matrix is packed. */
export function isPacked(layer: object): layer is PackedWeight {
  return "scales" in layer && "groupSize" in layer;
}
