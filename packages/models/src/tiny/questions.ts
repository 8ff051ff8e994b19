/** The held-out questions that are shipped beside the weights of `tiny`, and how to put them to a model. */
import { readFileSync } from "node:fs";
import type { Interventions } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { z } from "zod";
import type { LanguageModel } from "../language-model/language-model.js";

const question = z.object({ prompt: z.string(), answer: z.string(), foil: z.string().optional() });
const file = z.object({
  indirectObject: z.array(question),
  facts: z.array(question),
  agreement: z.array(question),
  pronouns: z.array(question),
  verbs: z.array(z.tuple([z.string(), z.string()])),
  randomSequences: z.array(z.string()),
});

export type Question = z.infer<typeof question>;

const path = new URL("../../weights/tiny/abilities.json", import.meta.url);

/** None of them occurs in training. */
export const questions = file.parse(JSON.parse(readFileSync(path, "utf8")));

/** What a model says after a prompt. */
export interface Reply {
  /** The likeliest token. */
  readonly best: string;
  /** The logit of the answer less that of the foil; NaN without one. */
  readonly margin: number;
}

/** Puts questions to a model, in one batch. */
export async function ask(model: LanguageModel, asked: readonly Question[]): Promise<Reply[]> {
  const cache = await model.run(asked.map(({ prompt }) => prompt));
  const logits = cache.last("output"); // (batch, vocab)
  const best = Array.from(toFlat(mx.argmax(logits, -1)));
  const flat = toFlat(logits);
  const logit = (row: number, word: string | undefined) =>
    word === undefined ? Number.NaN : flat[row * logits.shape[1] + idOf(model, word)];
  return asked.map(({ answer, foil }, row) => ({
    best: model.tokenizer!.decode([best[row]]),
    margin: logit(row, answer) - logit(row, foil),
  }));
}

/** The id of a word, without the `<bos>` that the tokenizer adds. */
function idOf(model: LanguageModel, word: string): number {
  return model.tokenizer!.encode(word)[1];
}

/** `<bos>`, the random words, and the words again, for each shipped sequence. */
export function repeatedSequences(model: LanguageModel): number[][] {
  return questions.randomSequences.map((words) => model.tokenizer!.encode(`${words} ${words}`));
}

/**
 * The mean loss of each copy, in nats; nothing announces the first token of the second, so it is left out.
 *
 * @param count how many sequences are tried, by default all
 */
export async function copyLosses(
  model: LanguageModel,
  interventions?: Interventions,
  count?: number,
): Promise<{ first: number; second: number }> {
  const ids = repeatedSequences(model).slice(0, count);
  const cache = await model.run(ids, { interventions });
  const losses = Array.from(toFlat(mx.mean(nextTokenLosses(cache.get("output"), ids), 0)));
  const length = losses.length / 2;
  return { first: mean(losses.slice(0, length)), second: mean(losses.slice(length + 1)) };
}

/** (batch, position, vocab) → (batch, position - 1) */
function nextTokenLosses(logits: MxArray, ids: number[][]): MxArray {
  const targets = mx.array(
    ids.map((row) => row.slice(1)),
    mx.int32,
  );
  const predicting = logits.index(mx.Slice(), mx.Slice(0, -1));
  const chosen = mx.takeAlongAxis(predicting, mx.expandDims(targets, -1), -1);
  return mx.subtract(mx.logsumexp(predicting, -1), mx.squeeze(chosen, -1));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
