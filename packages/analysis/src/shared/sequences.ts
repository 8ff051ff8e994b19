/** Answers of several tokens: each read where those before it were fed. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { AnswerTokens } from "./answers.js";
import { ranksOf } from "./ranks.js";
import { logProbabilityOf, type TokenSet } from "./token-sets.js";

/** How an answer is read in one pass: what is fed behind the prompt, and what is looked for at each step. */
export interface Reading {
  /** All tokens of a sequence but the last; nothing for an answer of one token. */
  readonly fed: readonly number[];
  /** At each of the last positions of what is fed. */
  readonly steps: readonly TokenSet[];
}

export function readingOf({ set, sequence }: AnswerTokens): Reading {
  if (!sequence) return { fed: [], steps: [set] };
  return { fed: sequence.slice(0, -1), steps: sequence };
}

/** The logarithm of a sequence's probability: the sum over its steps; (rows, steps, vocab) → (rows). Lazy. */
export function sequenceLogProbability(logits: MxArray, steps: readonly TokenSet[]): MxArray {
  return steps
    .map((step, at) => logProbabilityOf(logits.index(mx.Slice(), at), [step]))
    .reduce((sum, own) => mx.add(sum, own));
}

/** The worst rank among a sequence's tokens; (rows, steps, vocab) → (rows). Lazy. */
export function sequenceRank(logits: MxArray, steps: readonly TokenSet[]): MxArray {
  return steps
    .map((step, at) => ranksOf(logits.index(mx.Slice(), at), [step]))
    .reduce((worst, own) => mx.maximum(worst, own));
}
