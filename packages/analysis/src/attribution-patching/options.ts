/** What attribution patching is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, metric, wordOrWords } from "../shared/schemas.js";
import { nodeKinds } from "./nodes.js";

const fields = z.object({
  answer: answers.describe("the clean prompt's answer; one for all pairs, or one each"),
  wrongAnswer: answers.optional().describe("the corrupted prompt's answer, to compare with"),
  kinds: wordOrWords(nodeKinds)
    .default(["residual", "attention", "mlp", "head"])
    .describe(
      "what is scored: the residual stream before a layer, what attention or the MLP adds, single heads, their queries, keys and values",
    ),
  direction: z
    .enum(["denoising", "noising"])
    .default("denoising")
    .describe("clean activations into the corrupted run, or the other way"),
  rule: z
    .enum(["gradient", "relp", "relp-qk", "gim"])
    .default("gradient")
    .describe(
      "what flows back: the plain gradient, relevance (norms, patterns and activations held, products halved), the same with a softer softmax in place of held patterns, or GIM (norms held, a softer softmax, products halved)",
    ),
  qkFix: z
    .boolean()
    .default(false)
    .describe("of queries and keys, run the softmax that they act through (AtP*)"),
  gradDrop: z
    .boolean()
    .default(false)
    .describe("average the sizes over passes that each leave out what one layer writes (AtP*)"),
  positions: z
    .enum(["each", "all"])
    .default("each")
    .describe("each position by itself, or their sum (pairs may then differ in length)"),
  metric,
  batchSize: z.int().min(1).default(4).describe("pairs in one pass"),
});

export const attributionPatchingOptions = fields.superRefine(({ qkFix, rule, kinds }, context) => {
  if (!qkFix) return;
  const refuse = (message: string) =>
    context.addIssue({ code: "custom", path: ["qkFix"], message });
  if (rule !== "gradient") {
    refuse(`rule is "${rule}", which has its own way past the softmax; leave one of them out.`);
  } else if (![kinds].flat().some((kind) => kind === "query" || kind === "key")) {
    refuse('it is about queries and keys; add kinds "query" or "key".');
  }
});

/** Options of `attributionPatching`. */
export type AttributionPatchingOptions = z.input<typeof attributionPatchingOptions> & RunControl;

/** The same with their defaults. */
export type AskedAttribution = ParsedOptions<typeof attributionPatchingOptions>;
