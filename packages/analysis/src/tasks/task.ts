/**
 * Tasks: pairs of prompts with their answers, tokenized and checked once, so that every method gets the same.
 *
 * A pair is a prompt that the model answers, and the same with the decisive words exchanged, so that it answers differently. What
 * a task holds are token ids: of the prompts, and of answers as they continue them.
 */

import { checkModel } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Note } from "@mlxterp/results";
import { checkOptions, checkRecord, checkText } from "@mlxterp/results/errors";
import type { AnswerChoice, AskedAnswer } from "../shared/answers.js";
import type { MetricName } from "../shared/metric-names.js";
import type { AnalysisModel } from "../shared/model.js";
import { resolvePairs } from "../shared/pairs.js";
import type { OnePrompt } from "../shared/prompts.js";
import { sharedToken } from "../shared/questions.js";
import type { GivenSpans, Span } from "../shared/spans.js";

/** One pair of a task as it is written. */
export interface TaskPair {
  readonly clean: OnePrompt;
  /** As many tokens as the clean prompt, unless `spans` say what stands for what. */
  readonly corrupted: OnePrompt;
  /** After the clean prompt: one token, several of which any is right, or several that follow each other. */
  readonly answer: AnswerChoice;
  /** After the corrupted prompt. */
  readonly wrongAnswer: AnswerChoice;
  /** Words that stand for each other and may differ in their number of tokens. */
  readonly spans?: GivenSpans | undefined;
}

/** What a task is by itself, beside its pairs. */
export interface TaskFacts {
  /** What its paper judges by. Default: the logit difference. */
  readonly metric?: MetricName;
}

/** A task for one model. */
export interface Task extends TaskFacts {
  readonly name: string;
  /** What methods take as their input. */
  readonly pairs: {
    readonly clean: number[][];
    readonly corrupted: number[][];
    /** Where some are marked. */
    readonly spans?: (readonly { readonly clean: Span; readonly corrupted: Span }[])[];
  };
  /** What methods take as options. */
  readonly question: { readonly answer: AskedAnswer[]; readonly wrongAnswer: AskedAnswer[] };
  /** What a reader must know of how answers were read. */
  readonly notes: readonly Note[];
}

/**
 * Pairs of one's own as a task.
 *
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`) for a pair whose prompts differ in length between spans, with both; AnswerTokenError
 *   (`ANSWER_TOKEN`); InvalidArgumentError (`INVALID_ARGUMENT`) for no pairs, and for two answers that share a token
 * @example
 * const names = createTask(model, "names", [{ clean, corrupted, answer: "Mary", wrongAnswer: "John" }]);
 * await activationPatching(model, names.pairs, names.question);
 */
export function createTask(
  model: AnalysisModel,
  name: string,
  pairs: readonly TaskPair[],
  facts: TaskFacts = {},
): Task {
  checkModel("model", model);
  checkText("name", name);
  checkOptions<TaskFacts>("createTask", facts, { metric: checkText });
  if (!Array.isArray(pairs) || pairs.length === 0) {
    throw new InvalidArgumentError("pairs", pairs, "a task needs at least one pair of prompts.");
  }
  const read = pairs.map((pair, index) => readPair(model, pair, index));
  const resolved = read.map(({ pairs: [one] }) => one);
  const spans = resolved.map(({ clean, corrupted }) =>
    (clean.spans ?? []).map((own, at) => ({ clean: own, corrupted: corrupted.spans![at] })),
  );
  const notes = read.flatMap((one) => one.notes);
  return {
    name,
    pairs: {
      clean: resolved.map(({ clean }) => [...clean.ids]),
      corrupted: resolved.map(({ corrupted }) => [...corrupted.ids]),
      ...(spans.some(({ length }) => length > 0) && { spans }),
    },
    question: {
      answer: read.map(({ asked }) => asked.answer[0]),
      wrongAnswer: read.map(({ asked }) => asked.wrongAnswer![0]), // every pair has one
    },
    notes: [...new Map(notes.map((note) => [note.text, note])).values()],
    ...facts,
  };
}

const pairParts = { clean: true, corrupted: true, answer: true, wrongAnswer: true, spans: true } as const; // biome-ignore format: one line

function readPair(model: AnalysisModel, pair: TaskPair, index: number) {
  checkRecord(`pairs[${index}]`, pair);
  checkOptions<TaskPair>(`pairs[${index}]`, pair, pairParts);
  const { clean, corrupted, answer, wrongAnswer, spans } = pair;
  const input = { clean: [clean] as string[], corrupted: [corrupted] as string[] };
  const read = resolvePairs(
    model,
    spans ? { ...input, spans } : input,
    { answer: [answer], wrongAnswer: [wrongAnswer] },
    { sequences: true, spans: true },
  );
  const [one] = read.pairs;
  const shared = sharedToken(one.answer, one.wrongAnswer!);
  if (shared === undefined) return read;
  const rule = `both answers of pair ${index} have the token ${shared}; nothing tells them apart.`;
  throw new InvalidArgumentError("pairs", pair, rule);
}
