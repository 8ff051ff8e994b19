/**
 * How well a model does a task, before anybody explains how it does it.
 *
 * A method that explains the difference between two prompts gives an answer also where the model cannot do the task, and
 * then explains noise. So this comes first: for every prompt of every pair, which of the two answers the model prefers, and where its own answer
 * stands in the whole vocabulary.
 *
 * A model prefers an answer where the sum of its tokens' probabilities is larger than that of the other answer's; where an answer is
 * several tokens in a row, where their joint probability is.
 *
 * Caveats. To prefer one of two answers is less than to give it: look at `first`. A task that a model does by a shortcut (the
 * last name, the more frequent word) is done all the same; pairs that exchange the roles show it.
 *
 * Source: Wang et al. 2022, arXiv 2211.00593, section 2.
 */
import { provenanceOf } from "@mlxterp/core";
import { bootstrapMean, createTable, type Note, parseOptions } from "@mlxterp/results";
import { askedOf } from "../shared/asked.js";
import { mean } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { type PatchingPrompts, type PromptPair, resolvePairs } from "../shared/pairs.js";
import { ask, askedTogether, type PromptQuestion } from "./ask.js";
import { type TaskAccuracyOptions, taskAccuracyOptions } from "./options.js";
import type { TaskAccuracyResult, TaskPromptRow } from "./result.js";

/**
 * Runs every prompt of every pair once.
 *
 * @returns a row for every prompt, and shares over all of them
 * @throws UnequalLengthError (`UNEQUAL_LENGTH`), AnswerTokenError (`ANSWER_TOKEN`), InvalidArgumentError (`INVALID_ARGUMENT`),
 *   NotFiniteError (`NOT_FINITE`); the signal's reason when cancelled
 * @example
 * const { pairs, question } = builtInTask(model, "ioi");
 * const { tables } = await taskAccuracy(model, pairs, question);
 * tables.summary.rows[0].prefers; // share of clean prompts whose answer beats the wrong one
 */
export async function taskAccuracy(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: TaskAccuracyOptions,
): Promise<TaskAccuracyResult> {
  const asked = parseOptions("taskAccuracy", taskAccuracyOptions, options);
  const { batchSize, signal, onProgress } = asked;
  const kinds = { sequences: true, spans: "loose" } as const; // each prompt is asked by itself
  const { pairs, notes, asked: answers } = resolvePairs(model, input, asked, kinds);
  const questions = pairs.flatMap(questionsOf);
  const rows: TaskPromptRow[] = [];
  for (const batch of askedTogether(questions, batchSize)) {
    signal?.throwIfAborted();
    rows.push(...(await ask(model, batch)));
    onProgress?.({ done: rows.length, total: questions.length, stage: "asking" });
  }
  const summary = (["clean", "corrupted"] as const).map((prompt) => summarize(rows, prompt));
  const intervals = pairs.length > 1 ? (["low", "high"] as const) : [];
  return {
    method: "task",
    asked: askedOf(asked, answers),
    fed: pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: {},
    tables: {
      prompts: createTable(["pair", "prompt", "logitDifference", "probabilityDifference", "rank", "probability", "first"], rows), // biome-ignore format: one table
      summary: createTable(["prompt", "prefers", ...intervals, "first", "logitDifference", "probabilityDifference"], summary), // biome-ignore format: one table
    },
    notes: [...notes, ...taskNotes(summary)],
    provenance: provenanceOf(model),
  };
}

function questionsOf(
  { clean, corrupted, answer, wrongAnswer }: PromptPair,
  pair: number,
): PromptQuestion[] {
  const other = wrongAnswer!; // the options demand one
  return [
    { pair, prompt: "clean", ids: clean.ids, own: answer, other },
    { pair, prompt: "corrupted", ids: corrupted.ids, own: other, other: answer },
  ];
}

function summarize(all: readonly TaskPromptRow[], prompt: "clean" | "corrupted") {
  const rows = all.filter((row) => row.prompt === prompt);
  const preferred = rows.map(({ probabilityDifference }) => (probabilityDifference > 0 ? 1 : 0));
  const interval = bootstrapMean(preferred);
  return {
    prompt,
    prefers: mean(preferred),
    ...(interval && { low: interval.low, high: interval.high }),
    first: mean(rows.map(({ rank }) => (rank === 1 ? 1 : 0))),
    logitDifference: mean(rows.map(({ logitDifference }) => logitDifference)),
    probabilityDifference: mean(rows.map((row) => row.probabilityDifference)),
  };
}

/** Three prompts of four. */
const enough = 0.75;

function taskNotes(
  summary: readonly { readonly prompt: string; readonly prefers: number }[],
): Note[] {
  const weak = summary.filter(({ prefers }) => prefers < enough);
  if (weak.length === 0) return [];
  const where = weak.map(({ prompt }) => prompt).join(" and ");
  const text = `the model prefers the right answer on fewer than three of four ${where} prompts: what explains its answers explains little of this task.`;
  return [{ code: "TASK_NOT_DONE", text }];
}
