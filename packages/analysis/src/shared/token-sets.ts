/** Logits and probabilities of tokens, or of several tokens of which any is right. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** One token, or several of which any will do. */
export type TokenSet = number | readonly number[];

/** What of a vocabulary each row is about. */
interface Gathered {
  /** (rows or 1, most tokens of a set); short sets repeat their first. */
  readonly index: MxArray;
  /** The same shape: 1 for a token, 0 for a repetition. */
  readonly real: MxArray;
  /** (rows or 1, 1) */
  readonly counts: MxArray;
}

/** Whether every row has one token. */
function areSingle(sets: readonly TokenSet[]): sets is readonly number[] {
  return sets.every((set) => typeof set === "number");
}

/**
 * The mean logit of each row’s tokens, or one set’s of all rows: (rows, vocab) → (rows). Lazy.
 *
 * The mean, not the sum: a sum over more right than wrong tokens would change when all logits rise together, which
 * changes no probability.
 */
export function logitsOf(logits: MxArray, sets: readonly TokenSet[]): MxArray {
  if (areSingle(sets)) return singleLogits(logits, sets);
  const { index, real, counts } = gathered(sets);
  const own = mx.multiply(taken(logits, index), real);
  return mx.sum(mx.divide(own, counts), 1);
}

/** The logarithm of the summed probability of each row’s tokens: (rows, vocab) → (rows). Lazy. */
export function logProbabilityOf(logits: MxArray, sets: readonly TokenSet[]): MxArray {
  return mx.subtract(weightOf(logits, sets), mx.logsumexp(logits, 1));
}

/** The same before it is divided by what all tokens have: the logarithm of the sum of the exponentials of each row’s logits. Lazy. */
export function weightOf(logits: MxArray, sets: readonly TokenSet[]): MxArray {
  if (areSingle(sets)) return singleLogits(logits, sets);
  const { index, real } = gathered(sets);
  const own = mx.where(
    mx.greater(real, 0),
    taken(logits, index),
    mx.array(Number.NEGATIVE_INFINITY),
  );
  return mx.logsumexp(own, 1);
}

/** The largest logit of each row’s tokens, (rows, 1). Lazy. */
export function bestLogits(logits: MxArray, sets: readonly TokenSet[]): MxArray {
  return mx.max(taken(logits, gathered(sets).index), 1, true);
}

function singleLogits(logits: MxArray, tokens: readonly number[]): MxArray {
  if (tokens.length === 1) return logits.index("...", tokens[0]);
  const index = mx.array([...tokens], mx.int32).reshape([-1, 1]);
  return mx.takeAlongAxis(logits, index, 1).squeeze(1);
}

function taken(logits: MxArray, index: MxArray): MxArray {
  return mx.takeAlongAxis(logits, mx.broadcastTo(index, [logits.shape[0], index.shape[1]]), 1);
}

function gathered(sets: readonly TokenSet[]): Gathered {
  const lists = sets.map((set) => (typeof set === "number" ? [set] : [...set]));
  const width = Math.max(...lists.map(({ length }) => length));
  const padded = lists.map((list) => Array.from({ length: width }, (_, at) => list[at] ?? list[0]));
  const real = lists.map((list) =>
    Array.from({ length: width }, (_, at) => Number(at < list.length)),
  );
  return {
    index: mx.array(padded, mx.int32),
    real: mx.array(real, mx.float32),
    counts: mx.array(
      lists.map((list) => [list.length]),
      mx.float32,
    ),
  };
}
