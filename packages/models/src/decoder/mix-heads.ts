/** From queries, keys and values to attention's write, with scores, pattern and results as sites. */
import type { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx } from "@mlxterp/mlx";
import { fusedAttention } from "./fused-attention.js";
import { attentionScores, headResults, mixValues } from "./heads.js";
import { asAdded, type Write } from "./write.js";

/** The parts of an attention module that weigh values. */
export interface Mixing {
  readonly scores: Tap;
  readonly pattern: Tap;
  readonly scoreScale: number;
  readonly softCap: number | undefined;
  /** What each head may attend to instead of any key, (heads). */
  readonly sinks: MxArray | null;
}

/**
 * The weighted values of every head, by the fused kernel unless a pass changes the weights or the kernel cannot do them.
 *
 * @param q (batch, heads, query, headDim)
 * @param k (batch, kvHeads, key, headDim)
 * @param v (batch, kvHeads, key, valueDim)
 * @returns (batch, heads, query, valueDim)
 */
export function mixHeads(
  mixing: Mixing,
  { q, k, v }: Readonly<Record<"q" | "k" | "v", MxArray>>,
  mask: MxArray | null,
): MxArray {
  const { scores, pattern, scoreScale, softCap, sinks } = mixing;
  const score = () => attentionScores(q, k, scoreScale, mask, softCap);
  if (scores.changed || pattern.changed) {
    return mixValues(pattern.forward(attendTo(scores.forward(score()), sinks)), v);
  }
  scores.derive(score);
  pattern.derive(() => attendTo(score(), sinks));
  const plain = softCap !== undefined || sinks !== null || q.shape[3] !== v.shape[3];
  if (plain) return mixValues(attendTo(score(), sinks), v);
  return fusedAttention(q, k, v, scoreScale, mask);
}

/**
 * Softmax over keys. With sinks each head has one more score that belongs to no key, so that a row adds up to less
 * than 1. Source: Xiao et al. 2023, "Efficient Streaming Language Models with Attention Sinks", section 3.3.
 *
 * @param scores (batch, heads, query, key)
 */
function attendTo(scores: MxArray, sinks: MxArray | null): MxArray {
  if (!sinks) return mx.softmax(scores, -1, true);
  const total = mx.logaddexp(mx.logsumexp(scores, -1, true), sinks.reshape([-1, 1, 1]));
  return mx.exp(mx.subtract(scores, total));
}

/** The parts of an attention module that write. */
export interface HeadWriting extends Write {
  readonly result: Tap;
  readonly oProj: Linear;
}

/**
 * The heads' joint write to the residual stream.
 *
 * @param z (batch, position, heads, valueDim)
 * @returns (batch, position, hidden)
 */
export function writeHeads(writing: HeadWriting, z: MxArray): MxArray {
  const { result, oProj, outputScale, postNorm } = writing;
  const [batch, length, heads, valueDim] = z.shape;
  if (result.changed) {
    const sum = mx.sum(result.forward(headResults(z, oProj, outputScale)), 2);
    const bias = oProj.bias && mx.multiply(oProj.bias, outputScale ?? 1);
    const written = bias ? mx.add(sum, bias) : sum;
    return postNorm ? postNorm.forward(written) : written;
  }
  result.derive(() => headResults(z, oProj, outputScale));
  return asAdded(oProj.forward(z.reshape([batch, length, heads * valueDim])), writing);
}
