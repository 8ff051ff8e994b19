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
      "what is scored: the residual stream before a layer, what attention, a mixer or the MLP adds, single heads, their queries, keys and values",
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
  steps: z
    .int()
    .min(1)
    .optional()
    .describe(
      "at how many points, from the patched run towards the other, slopes are taken; each part's are averaged as far as it goes; default 3 for gradients, 1 for other rules and with corrections of AtP*",
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
    .describe("each position by itself, or all at once (pairs may then differ in length)"),
  metric,
  batchSize: z.int().min(1).default(4).describe("pairs in one pass"),
});

export const attributionPatchingOptions = fields.superRefine((given, context) => {
  const { qkFix, gradDrop, rule, kinds, steps } = given;
  if (steps !== undefined && steps > 1 && (qkFix || gradDrop)) {
    const message = "the corrections of AtP* are of slopes at one point; leave one of them out.";
    context.addIssue({ code: "custom", path: ["steps"], message });
  }
  if (!qkFix) return;
  const refuse = (message: string) =>
    context.addIssue({ code: "custom", path: ["qkFix"], message });
  if (rule !== "gradient") {
    refuse(`rule is "${rule}", which has its own way past the softmax; leave one of them out.`);
  } else if (![kinds].flat().some((kind) => kind === "query" || kind === "key")) {
    refuse('it is about queries and keys; add kinds "query" or "key".');
  }
});

/** A run that has decided has no slope, but has one on the way to where it decides otherwise; what the corrections and rules hold is of one point. */
export function pointsOf({ steps, rule, qkFix, gradDrop }: AskedAttribution): number {
  return steps ?? (rule === "gradient" && !qkFix && !gradDrop ? 3 : 1);
}

/** Options of `attributionPatching`. */
export type AttributionPatchingOptions = z.input<typeof attributionPatchingOptions> & RunControl;

/** The same with their defaults. */
export type AskedAttribution = ParsedOptions<typeof attributionPatchingOptions>;
