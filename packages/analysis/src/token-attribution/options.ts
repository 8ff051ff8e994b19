/** What token attribution is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, metric, promptLists } from "../shared/schemas.js";

export const tokenOptions = z.object({
  answer: answers.describe(
    "what the tokens speak for, one token; one for all prompts, or one for each",
  ),
  wrongAnswer: answers.optional().describe("what it is compared with"),
  scoring: z
    .enum(["integrated-gradients", "gradient-input"])
    .default("integrated-gradients")
    .describe(
      "the mean gradient on the way from the baseline, or the gradient at the prompt alone",
    ),
  steps: z
    .int()
    .min(1)
    .default(32)
    .describe("points on the way at first, doubled up to four times until the tokens add up"),
  reference: promptLists
    .optional()
    .describe(
      "prompts of as many tokens, one for each, where the way begins; default zero embeddings",
    ),
  metric,
});

/** Options of `tokenAttribution`. */
export type TokenAttributionOptions = z.input<typeof tokenOptions> & RunControl;

/** The same with their defaults. */
export type AskedTokens = ParsedOptions<typeof tokenOptions>;
