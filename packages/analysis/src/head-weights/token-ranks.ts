/** What heads do to tokens: where a token stands among those that a head writes or attracts. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { HeadMatrices } from "./token-weights.js";

/** Tokens as a head meets and leaves them. */
export interface TokenSample {
  readonly embedded: MxArray; // (tokens, hidden)
  readonly unembedded: MxArray; // (hidden, tokens)
}

/**
 * For each head the share of tokens whose own score in their row is among the first `topK`.
 *
 * @param wanted the column that each row is judged by; default its own
 */
async function shares(
  scores: MxArray,
  topK: number,
  wanted?: readonly number[],
): Promise<number[]> {
  const [heads, rows] = scores.shape;
  const columns = mx.array([...(wanted ?? Array.from({ length: rows }, (_, at) => at))], mx.int32);
  const index = mx.broadcastTo(columns.reshape([1, rows, 1]), [heads, rows, 1]);
  const own = mx.takeAlongAxis(scores, index, 2);
  const above = mx.sum(mx.greater(scores, own).astype(mx.float32), 2); // (heads, rows)
  const found = mx.mean(mx.less(above, topK).astype(mx.float32), 1);
  await evaluate([found]);
  return [...toFlat(found)];
}

/** What is written about each token, by token: (heads, tokens, tokens), lazy. */
function written({ V, O }: HeadMatrices, { embedded, unembedded }: TokenSample): MxArray {
  return mx.matmul(mx.matmul(mx.matmul(embedded, V), O), unembedded);
}

export function ownTokenShares(
  matrices: HeadMatrices,
  sample: TokenSample,
  topK: number,
): Promise<number[]> {
  return shares(written(matrices, sample), topK);
}

/** For each token but the last, whether the next is written. */
export function successorShares(
  matrices: HeadMatrices,
  sample: TokenSample,
  topK: number,
): Promise<number[]> {
  const count = sample.embedded.shape[0] - 1;
  const scores = written(matrices, sample).index(mx.Slice(), mx.Slice(0, count));
  return shares(
    scores,
    topK,
    Array.from({ length: count }, (_, at) => at + 1),
  );
}

export function matchingShares(
  { Q, K }: HeadMatrices,
  { embedded }: TokenSample,
  topK: number,
): Promise<number[]> {
  const [queries, keys] = [mx.matmul(embedded, Q), mx.matmul(embedded, K)];
  return shares(mx.matmul(queries, keys.swapaxes(1, 2)), topK);
}
