/** What runs say next: the likeliest token after each, read off logits that are there already. */
import { logProbabilities, type MxArray, mx, toFlat } from "@mlxterp/mlx";

export interface NextToken {
  readonly id: number;
  readonly probability: number;
}

/** Of the unchanged runs it is known; of the others it is filled in, in the order of the runs. */
export interface NextTokens {
  readonly base: readonly NextToken[];
  readonly found: NextToken[];
}

/**
 * @param logits (rows, vocab), or (rows, steps, vocab), of which the first step is the prompt's own
 * @returns ids and log probabilities, (2, rows), lazy
 */
export function readNext(logits: MxArray): MxArray {
  const first = logits.ndim === 3 ? logits.index(mx.Slice(), 0) : logits;
  const ids = mx.argmax(first, 1).astype(mx.float32); // exact below 2 ** 24
  return mx.stack([ids, mx.max(logProbabilities(first), 1)]);
}

/** @param read what `readNext` gave, evaluated */
export function nextTokens(read: MxArray): NextToken[] {
  const [, rows] = read.shape;
  const numbers = toFlat(read);
  return Array.from({ length: rows }, (_, row) => ({
    id: numbers[row],
    probability: Math.exp(numbers[rows + row]),
  }));
}
