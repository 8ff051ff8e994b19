/** What activation patching is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, indices, metric, wordOrWords } from "../shared/schemas.js";

const kinds = ["residual", "attention", "mlp", "head"] as const;

export const patchingOptions = z
  .object({
    answer: answers.describe(
      "the clean prompt's answer, one token; one for all pairs, or one each",
    ),
    wrongAnswer: answers.optional().describe("the corrupted prompt's answer, to compare with"),
    kinds: wordOrWords(kinds)
      .default("residual")
      .describe(
        "what is patched: the residual stream before a layer, what attention or the MLP adds, single heads",
      ),
    direction: z
      .enum(["denoising", "noising"])
      .default("denoising")
      .describe("clean activations into the corrupted run, or the other way"),
    metric,
    layers: indices.optional().describe("layers to patch, negative from the last; default all"),
    positions: z
      .union([z.enum(["each", "all"]), indices])
      .optional()
      .describe("each by itself, all at once, or these; default all for heads, else each"),
    heads: indices.optional().describe("heads to patch; default all"),
    maxRows: z
      .int()
      .min(1)
      .optional()
      .describe("patched runs in one pass; default what fits 128 MiB"),
  })
  .superRefine((options, context) => {
    if (!options.heads || [options.kinds].flat().includes("head")) return;
    const message = `heads are patched with kinds "head", but kinds is ${JSON.stringify(options.kinds)}; name the kind "head" too, or leave heads out.`;
    context.addIssue({ code: "custom", path: ["heads"], message });
  });

/** Options of `activationPatching`. */
export type PatchingOptions = z.input<typeof patchingOptions> & RunControl;

/** The same with their defaults. */
export type AskedPatching = ParsedOptions<typeof patchingOptions>;
