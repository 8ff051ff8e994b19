/** Seeded sequences of random tokens, each repeated once: text without meaning, in which only copying helps. */

import { checkModel } from "@mlxterp/core";
import { InvalidArgumentError, uniformNumbers } from "@mlxterp/mlx";
import { checkOptions, checkPositiveInteger, checkWholeNumber } from "@mlxterp/results/errors";
import type { AnalysisModel } from "../shared/model.js";
import { startTokens, usableTokens } from "../shared/vocabulary.js";

export interface RepeatedTokens {
  readonly seed: number;
  /** Tokens of one copy. */
  readonly length: number;
  readonly sequences: number;
}

/** More than anybody measures on, and drawn in a second or two. */
const mostTokens = 2 ** 22;

/**
 * Sequences of the form `[start] r r`, with `start` what the tokenizer puts before every text.
 *
 * Tokens are drawn without replacement where the vocabulary allows it, so that a token occurs only in the two copies.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for sequences that are too long for the model, or too many
 * @example
 * repeatedTokens(model, { seed: 0, length: 5, sequences: 1 })[0].length; // 11
 */
export function repeatedTokens(model: AnalysisModel, wanted: RepeatedTokens): number[][] {
  checkModel("model", model);
  checkOptions<RepeatedTokens>("repeatedTokens", wanted, {
    ...{ seed: checkWholeNumber, length: checkWholeNumber, sequences: checkPositiveInteger },
  });
  const { seed, length, sequences } = wanted;
  const start = startTokens(model);
  const total = start.length + 2 * length;
  const limit = model.anatomy.maxPositions ?? Number.POSITIVE_INFINITY;
  if (!Number.isInteger(length) || length < 2 || total > limit) {
    const rule = `two copies of ${length} tokens must have at least 2 tokens each and fit the model's ${limit} positions.`;
    throw new InvalidArgumentError("length", length, rule);
  }
  if (sequences * total > mostTokens) {
    const rule = `sequences of ${total} tokens can be ${Math.floor(mostTokens / total)} at most.`;
    throw new InvalidArgumentError("sequences", sequences, rule);
  }
  const random = uniformNumbers(seed);
  const usable = usableTokens(model, start);
  return Array.from({ length: sequences }, () => {
    const copy = draw(usable, length, random);
    return [...start, ...copy, ...copy];
  });
}

/** Tokens of one copy: 50, or what fits the model. */
export function fittingLength(model: AnalysisModel): number {
  checkModel("model", model);
  const limit = model.anatomy.maxPositions ?? Number.POSITIVE_INFINITY;
  return Math.min(50, Math.floor((limit - startTokens(model).length) / 2));
}

function draw(tokens: readonly number[], count: number, random: () => number): number[] {
  const pool = [...tokens];
  const swap = count <= pool.length; // else repetition cannot be avoided
  return Array.from({ length: count }, (_, index) => {
    const offset = swap ? index : 0;
    const at = offset + Math.floor(random() * (pool.length - offset));
    const token = pool[at];
    if (swap) [pool[index], pool[at]] = [pool[at], pool[index]];
    return token;
  });
}
