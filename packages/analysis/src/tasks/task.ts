/**
 * Tasks: pairs of prompts with their answers, tokenized and checked once, so that every method gets the same.
 *
 * A pair is a prompt that the model answers, and the same with the decisive words exchanged, so that it answers differently. What
 * a task holds are token ids: of the prompts, and of answers as they continue them.
 */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Note } from "@mlxterp/results";
import type { Answer } from "../shared/answers.js";
import type { AnalysisModel } from "../shared/model.js";
import { resolvePairs } from "../shared/pairs.js";
import type { OnePrompt } from "../shared/prompts.js";

/** One pair of a task as it is written. */
export interface TaskPair {
  readonly clean: OnePrompt;
  /** As many tokens as the clean prompt. */
  readonly corrupted: OnePrompt;
  /** After the clean prompt. */
  readonly answer: Answer;
  /** After the corrupted prompt. */
  readonly wrongAnswer: Answer;
}

/** A task for one model. */
export interface Task {
  readonly name: string;
  /** What methods take as their input. */
  readonly pairs: { readonly clean: number[][]; readonly corrupted: number[][] };
  /** What methods take as options. */
  readonly question: { readonly answer: number[]; readonly wrongAnswer: number[] };
  /** What a reader must know of how answers were read. */
  readonly notes: readonly Note[];
}

/**
 * Pairs of one's own as a task.
 *
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`) for a pair whose prompts differ in length, with both; AnswerTokenError
 *   (`ANSWER_TOKEN`); InvalidArgumentError (`INVALID_ARGUMENT`) for no pairs, and for two answers that are one token
 * @example
 * const names = createTask(model, "names", [{ clean, corrupted, answer: "Mary", wrongAnswer: "John" }]);
 * await activationPatching(model, names.pairs, names.question);
 */
export function createTask(model: AnalysisModel, name: string, pairs: readonly TaskPair[]): Task {
  if (!Array.isArray(pairs) || pairs.length === 0) {
    throw new InvalidArgumentError("pairs", pairs, "a task needs at least one pair of prompts.");
  }
  const ids = (prompt: OnePrompt): number[] => [...model.tokens([prompt] as string[]).ids[0]];
  const resolved = pairs.map((pair) =>
    resolvePairs(
      model,
      { clean: pair.clean, corrupted: pair.corrupted },
      { answer: pair.answer, wrongAnswer: pair.wrongAnswer },
    ),
  );
  for (const [
    index,
    {
      pairs: [one],
    },
  ] of resolved.entries()) {
    // biome-ignore format: one line
    if (one.answer.id !== one.wrongAnswer?.id) continue;
    const rule = `both answers of pair ${index} are the token ${one.answer.id}; nothing tells them apart.`;
    throw new InvalidArgumentError("pairs", pairs[index], rule);
  }
  const notes = resolved.flatMap((one) => one.notes);
  return {
    name,
    pairs: {
      clean: pairs.map(({ clean }) => ids(clean)),
      corrupted: pairs.map(({ corrupted }) => ids(corrupted)),
    },
    question: {
      answer: resolved.map((one) => one.asked.answer[0]),
      wrongAnswer: resolved.map((one) => one.asked.wrongAnswer![0]), // every pair has one
    },
    notes: [...new Map(notes.map((note) => [note.text, note])).values()],
  };
}
