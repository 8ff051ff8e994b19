/** Where answers stand in a prediction. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { bestLogits, type TokenSet } from "./token-sets.js";

/**
 * The rank of each row's token, 1 for the most likely; of several tokens the best.
 *
 * @param logits (rows, vocab)
 * @returns (rows), lazy
 */
export function ranksOf(logits: MxArray, tokens: readonly TokenSet[]): MxArray {
  const own = bestLogits(logits, tokens);
  return mx.add(mx.sum(mx.greater(logits, own), 1), 1).astype(mx.float32);
}
