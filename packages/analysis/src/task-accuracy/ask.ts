/** Prompts that are asked for their answers, as many as go into one pass. */
import { notFiniteError, type Prompt } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { AnswerTokens } from "../shared/answers.js";
import { lastLogits, lastLogitsOf, lazyPass } from "../shared/lazy-pass.js";
import { inBatches } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { textOf } from "../shared/prompts.js";
import { ranksOf } from "../shared/ranks.js";
import { readingOf, sequenceLogProbability, sequenceRank } from "../shared/sequences.js";
import { logitsOf, logProbabilityOf } from "../shared/token-sets.js";
import type { TaskPromptRow } from "./result.js";

/** One prompt of a pair, its own answer, and that of the other prompt. */
export interface PromptQuestion {
  readonly pair: number;
  readonly prompt: "clean" | "corrupted";
  readonly ids: readonly number[];
  readonly own: AnswerTokens;
  readonly other: AnswerTokens;
}

function isSequence({ own, other }: PromptQuestion): boolean {
  return own.sequence !== undefined || other.sequence !== undefined;
}

/** Questions whose answers are read at one position go together; the others by themselves. In the order of the questions. */
export function askedTogether(
  questions: readonly PromptQuestion[],
  batchSize: number,
): PromptQuestion[][] {
  if (!questions.some(isSequence)) return inBatches(questions, batchSize);
  return questions.map((question) => [question]);
}

export async function ask(
  model: AnalysisModel,
  batch: readonly PromptQuestion[],
): Promise<TaskPromptRow[]> {
  const numbers = await (batch.some(isSequence)
    ? askSteps(model, batch[0])
    : askLast(model, batch));
  const [differences, ranks, own, other, first] = numbers;
  if (!differences.every(Number.isFinite)) {
    const ids = batch.map((one) => one.ids);
    throw await notFiniteError("Logits", model, ids as Prompt);
  }
  return batch.map(({ pair, prompt }, row) => ({
    pair,
    prompt,
    logitDifference: differences[row],
    probabilityDifference: Math.exp(own[row]) - Math.exp(other[row]),
    rank: ranks[row],
    probability: Math.exp(own[row]),
    first: textOf(model, [first[row]])[0],
  }));
}

/** Difference of logits, rank, log probability of both answers, most likely token: lists of numbers. */
type Numbers = readonly (readonly number[])[];

async function askLast(model: AnalysisModel, batch: readonly PromptQuestion[]): Promise<Numbers> {
  const ids = batch.map((one) => one.ids);
  const [own, other] = [batch.map((one) => one.own.set), batch.map((one) => one.other.set)];
  const lengths = ids.map(({ length }) => length);
  const arrays = await lazyPass(model, ids as Prompt, {}, (trace) => {
    const logits = lastLogits(model, trace, lengths).astype(mx.float32);
    return [
      mx.subtract(logitsOf(logits, own), logitsOf(logits, other)),
      ranksOf(logits, own),
      logProbabilityOf(logits, own),
      logProbabilityOf(logits, other),
      mx.argmax(logits, 1).astype(mx.float32),
    ];
  });
  return arrays.map((array) => [...toFlat(array)]);
}

/** The same where an answer is several tokens: its steps are read in a pass of its own, and the difference is that of log probabilities. */
async function askSteps(
  model: AnalysisModel,
  { ids, own, other }: PromptQuestion,
): Promise<Numbers> {
  const read = async (answer: AnswerTokens) => {
    const { fed, steps } = readingOf(answer);
    const arrays = await lazyPass(model, [[...ids, ...fed]], {}, (trace): MxArray[] => {
      const logits = lastLogitsOf(model, trace, steps.length).astype(mx.float32);
      return [
        sequenceLogProbability(logits, steps),
        sequenceRank(logits, steps),
        mx.argmax(logits.index(mx.Slice(), 0), 1).astype(mx.float32),
      ];
    });
    return arrays.map((array) => toFlat(array)[0]);
  };
  const [[probability, rank, first], [wrong]] = [await read(own), await read(other)];
  return [[probability - wrong], [rank], [probability], [wrong], [first]];
}
