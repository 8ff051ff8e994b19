/** Pairs of prompts that differ in the decisive words: tokenized, checked, with the answers that they are judged by. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Fed, Note } from "@mlxterp/results";
import type { Answer } from "./answers.js";
import { UnequalLengthError } from "./errors.js";
import type { AnalysisModel } from "./model.js";
import {
  fedOf,
  type ManyPrompts,
  type OnePrompt,
  promptIds,
  promptList,
  type TokenText,
} from "./prompts.js";
import { resolveBoth } from "./questions.js";

/** Prompts that differ in the decisive words: one of each, or as many of each. */
export interface PatchingPrompts {
  /** The prompt that gets the answer right. */
  readonly clean: OnePrompt | ManyPrompts;
  /** The same with the decisive words exchanged; as many tokens. */
  readonly corrupted: OnePrompt | ManyPrompts;
}

/** One pair of prompts as it was fed. */
export interface PromptPair {
  readonly clean: Fed;
  readonly corrupted: Fed;
  readonly answer: TokenText;
  readonly wrongAnswer?: TokenText;
}

/** Pairs, and what a reader must know of how they were read. */
export interface PromptPairs {
  readonly pairs: readonly PromptPair[];
  readonly notes: readonly Note[];
  readonly asked: { readonly answer: number[]; readonly wrongAnswer: number[] | undefined };
}

interface Answers {
  readonly answer: Answer | readonly Answer[];
  readonly wrongAnswer?: Answer | readonly Answer[] | undefined;
}

/**
 * The pairs of a request; different pairs may differ in length.
 *
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`) within a pair; AnswerTokenError (`ANSWER_TOKEN`);
 *   InvalidArgumentError (`INVALID_ARGUMENT`) for lists of different length
 */
export function resolvePairs(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: Answers,
): PromptPairs {
  const clean = promptList(model, input.clean);
  const corrupted = promptList(model, input.corrupted);
  if (clean.length !== corrupted.length || clean.length === 0) {
    const counts = `${clean.length} clean and ${corrupted.length} corrupted prompts`;
    const rule = `${counts} make no pairs; give as many of each, at least one.`;
    throw new InvalidArgumentError("corrupted", input.corrupted, rule);
  }
  const { answers, wrong, notes, asked } = resolveBoth(model, options, clean, corrupted);
  const cleanIds = promptIds(model, clean);
  const corruptedIds = promptIds(model, corrupted);
  const pairs = clean.map((_, index): PromptPair => {
    const answer = answers[index].token;
    const wrongAnswer = wrong?.[index].token;
    const about = { answer, ...(wrongAnswer && { wrongAnswer }) };
    return {
      clean: fedOf(model, "clean", cleanIds[index], about),
      corrupted: fedOf(model, "corrupted", corruptedIds[index]),
      ...about,
    };
  });
  for (const pair of pairs) checkPair(pair);
  return { pairs, notes, asked };
}

function checkPair({ clean, corrupted }: PromptPair): void {
  if (clean.ids.length === corrupted.ids.length) return;
  throw new UnequalLengthError(clean.pieces, corrupted.pieces);
}

/**
 * For methods whose answer has an axis of positions, which pairs must then share.
 *
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`)
 */
export function checkSameLength(pairs: readonly PromptPair[]): void {
  const [first] = pairs;
  for (const [index, { clean }] of pairs.entries()) {
    if (clean.ids.length === first.clean.ids.length) continue;
    throw new UnequalLengthError(first.clean.pieces, clean.pieces, ["pair 0", `pair ${index}`]);
  }
}
