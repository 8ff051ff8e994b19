/** Options that several methods have, each with its one sentence. */
import { isCallable } from "@mlxterp/results/errors";
import { z } from "zod";
import type { MetricFunction } from "./metrics.js";

/** A token: its id, or a text that is one token when it follows the prompt. */
const answer = z.union([z.int().min(0), z.string()]);

/** One answer for all prompts, or one for each. */
export const answers = z.union([answer, z.array(answer).min(1).readonly()]);

/** Several tokens. */
export const tokenList = z.array(answer).min(1).readonly();

/** Whole numbers that may count from the end. */
export const indices = z.array(z.int()).min(1).readonly();

/** Prompts of one's own: texts, or lists of ids. */
export const promptLists = z.union([
  z.array(z.string()).min(1).readonly(),
  z
    .array(z.array(z.int().min(0)).min(1).readonly())
    .min(1)
    .readonly(),
]);

export const batchSize = z.int().min(1).default(16).describe("prompts in one pass");

export const metric = z
  .union([
    z.enum(["logitDifference", "probability", "logProbability"]),
    z.custom<MetricFunction>(isCallable),
  ])
  .optional()
  .describe("what runs are judged by; logitDifference with a wrong answer, else logProbability");

/** One of a few words, or a list of some of them. */
export function wordOrWords<const T extends readonly [string, ...string[]]>(words: T) {
  return z.union([z.enum(words), z.array(z.enum(words)).min(1).readonly()]);
}
