/** Where answers stand in a prediction. */
import { type MxArray, mx } from "@mlxterp/mlx";

/**
 * The rank of each row's token, 1 for the most likely.
 *
 * @param logits (rows, vocab)
 * @returns (rows), lazy
 */
export function ranksOf(logits: MxArray, tokens: readonly number[]): MxArray {
  const ids = mx.array([...tokens], mx.int32).reshape([-1, 1]);
  const own = mx.takeAlongAxis(logits, mx.broadcastTo(ids, [logits.shape[0], 1]), 1);
  return mx.add(mx.sum(mx.greater(logits, own), 1), 1).astype(mx.float32);
}
