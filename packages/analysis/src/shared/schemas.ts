/** Options that several methods have, each with its one sentence. */

import { readOnly } from "@mlxterp/results";
import { isCallable } from "@mlxterp/results/errors";
import { z } from "zod";
import { metricNames, smoothMetrics } from "./metric-names.js";
import type { MetricFunction } from "./metrics.js";

/** A token: its id, or a text that is one token when it follows the prompt. */
const answer = z.union([z.int().min(0), z.string()]);

const anyAnswer = z.strictObject({ any: readOnly(z.array(answer).min(1)) });
const sequence = z.strictObject({
  sequence: z.union([z.string().min(1), readOnly(z.array(z.int().min(0)).min(1))]),
});

/** One token, several of which any will do, or several that follow each other. */
export const answerChoice = z.union([answer, anyAnswer, sequence]);

/** One answer for all prompts, or one for each; methods that read single tokens refuse others. */
export const answers = z.union([
  answer,
  readOnly(z.array(answerChoice).min(1)),
  anyAnswer,
  sequence,
]);

/** How many are drawn by chance; more than this would tell nothing new, and be drawn before anybody can interrupt. */
export const draws = z.int().min(0).max(1000);

/** Several tokens. */
export const tokenList = readOnly(z.array(answer).min(1));

/** Whole numbers that may count from the end. */
export const indices = readOnly(z.array(z.int()).min(1));

/** Of each prompt of a pair. */
export const readPosition = z
  .union([z.int(), z.enum(["mean", "max", "spans"])])
  .default(-1)
  .describe("where activations are read: one position, negative from the end, all pooled, or the words that spans mark"); // biome-ignore format: one line

/** Prompts of one's own: texts, or lists of ids. */
export const promptLists = z.union([
  readOnly(z.array(z.string()).min(1)),
  readOnly(z.array(readOnly(z.array(z.int().min(0)).min(1))).min(1)),
]);

export const batchSize = z.int().min(1).default(16).describe("prompts in one pass");

const judged = "what runs are judged by; logitDifference with a wrong answer, else logProbability";

/** What has a slope. */
export const metric = z
  .union([z.enum(smoothMetrics), z.custom<MetricFunction>(isCallable)])
  .optional()
  .describe(judged);

/** What runs can be compared by. */
export const anyMetric = z
  .union([z.enum(metricNames), z.custom<MetricFunction>(isCallable)])
  .optional()
  .describe(judged);

/** One of a few words, or a list of some of them. */
export function wordOrWords<const T extends readonly [string, ...string[]]>(words: T) {
  return z.union([z.enum(words), readOnly(z.array(z.enum(words)).min(1))]);
}

/** Of what is judged on prompts that it was not made from. */
export const folds = z
  .int()
  .min(2)
  .default(5)
  .describe("parts of which each is held out once; pairs stay together");
