/** What ACDC is asked. */
import type { RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers } from "../shared/schemas.js";

export const acdcOptions = z.object({
  answer: answers.describe("the clean prompt's answer; one for all pairs, or one each"),
  wrongAnswer: answers
    .optional()
    .describe("the corrupted prompt's answer; logitDifference needs it"),
  threshold: z
    .number()
    .min(0)
    .default(0.01)
    .describe("an edge that costs less is left out; in units of the metric"),
  metric: z
    .enum(["kl", "logitDifference", "probability", "logProbability"])
    .default("kl")
    .describe(
      "what an edge may cost: divergence from the clean prediction in nats, or less of this",
    ),
  batchSize: z.int().min(1).default(16).describe("pairs in one pass"),
});

/** Options of `acdc`. */
export type AcdcOptions = z.input<typeof acdcOptions> & RunControl;
