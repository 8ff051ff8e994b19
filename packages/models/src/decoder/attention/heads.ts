/** The arithmetic of attention heads: splitting, scoring, mixing and writing, for any number of key/value heads. */
import { type Linear, type MxArray, mx } from "@mlxterp/mlx";
import { fullWeight } from "../../packed/full-weight.js";

/** (batch, position, heads · headDim) → (batch, position, heads, headDim) */
export function splitHeads(x: MxArray, heads: number, headDim: number): MxArray {
  const [batch, length] = x.shape;
  return x.reshape([batch, length, heads, headDim]);
}

/**
 * Applies a product to heads that share keys or values: query heads are folded into groups beside the
 * key/value head they share, so that nothing is repeated in memory.
 *
 * @param perHead (batch, heads, query, …)
 * @param shared (batch, kvHeads, …, …)
 */
function groupedMatmul(perHead: MxArray, shared: MxArray): MxArray {
  const [batch, heads, rows, columns] = perHead.shape;
  const kvHeads = shared.shape[1];
  if (heads === kvHeads) return mx.matmul(perHead, shared);
  const folded = perHead.reshape([batch, kvHeads, heads / kvHeads, rows, columns]);
  return mx.matmul(folded, mx.expandDims(shared, 2)).reshape([batch, heads, rows, -1]);
}

/**
 * The same operations in the same order as the fused kernel's own composition on the CPU.
 *
 * @param q (batch, heads, query, headDim)
 * @param k (batch, kvHeads, key, headDim)
 * @param softCap bounds the scores before they are masked
 * @returns (batch, heads, query, key), scaled and masked
 */
export function attentionScores(
  q: MxArray,
  k: MxArray,
  scale: number,
  mask: MxArray | null,
  softCap?: number,
): MxArray {
  const scores = groupedMatmul(mx.multiply(q, scale), k.swapaxes(-1, -2));
  const bounded = softCap === undefined ? scores : softly(scores, softCap);
  return mask ? mx.add(bounded, mask) : bounded;
}

/** Bounds values by plus and minus `cap`, smoothly. */
export function softly(x: MxArray, cap: number): MxArray {
  return mx.multiply(mx.tanh(mx.divide(x, cap)), cap);
}

/**
 * @param pattern (batch, heads, query, key)
 * @param v (batch, kvHeads, key, headDim)
 * @returns (batch, heads, query, headDim)
 */
export function mixValues(pattern: MxArray, v: MxArray): MxArray {
  return groupedMatmul(pattern, v);
}

/**
 * What each head writes to the residual stream, without the bias that belongs to none of them.
 *
 * @param z (batch, position, heads, headDim)
 * @param output the projection with weight (hidden, heads · headDim)
 * @param scale multiplies the results
 * @returns (batch, position, heads, hidden)
 */
export function headResults(z: MxArray, output: Linear, scale?: number): MxArray {
  const [, , heads, headDim] = z.shape;
  const weight = fullWeight(output).reshape([-1, heads, headDim]).transpose(1, 2, 0); // (heads, headDim, hidden)
  const byHead = scale === undefined ? z : mx.multiply(z, scale);
  return mx.matmul(byHead.transpose(0, 2, 1, 3), weight).transpose(0, 2, 1, 3);
}
