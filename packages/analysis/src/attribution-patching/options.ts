/** What attribution patching is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, metric, wordOrWords } from "../shared/schemas.js";

const kinds = ["residual", "attention", "mlp", "head"] as const;

export const attributionPatchingOptions = z.object({
  answer: answers.describe("the clean prompt's answer, one token; one for all pairs, or one each"),
  wrongAnswer: answers.optional().describe("the corrupted prompt's answer, to compare with"),
  kinds: wordOrWords(kinds)
    .default(["residual", "attention", "mlp", "head"])
    .describe(
      "what is scored: the residual stream before a layer, what attention or the MLP adds, single heads",
    ),
  direction: z
    .enum(["denoising", "noising"])
    .default("denoising")
    .describe("clean activations into the corrupted run, or the other way"),
  rule: z
    .enum(["gradient", "relp"])
    .default("gradient")
    .describe(
      "the plain gradient, or relevance: norms, patterns and activations held, products halved",
    ),
  positions: z
    .enum(["each", "all"])
    .default("each")
    .describe("each position by itself, or their sum (pairs may then differ in length)"),
  metric,
  batchSize: z.int().min(1).default(4).describe("pairs in one pass"),
});

/** Options of `attributionPatching`. */
export type AttributionPatchingOptions = z.input<typeof attributionPatchingOptions> & RunControl;

/** The same with their defaults. */
export type AskedAttribution = ParsedOptions<typeof attributionPatchingOptions>;
