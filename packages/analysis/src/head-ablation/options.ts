/** What head ablation is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";
import { answers, anyMetric, batchSize, promptLists } from "../shared/schemas.js";

const head = readOnly(z.tuple([z.int(), z.int()]));

export const ablationOptions = z
  .object({
    answer: answers.describe("one for all prompts, or one for each"),
    wrongAnswer: answers.optional().describe("what its logit is compared with"),
    heads: readOnly(z.array(head).min(1)).describe(
      "layer and head of each, ablated together, at least one; negative from the end",
    ),
    method: z.enum(["mean", "zero"]).default("mean").describe("what takes a head's place"),
    reference: promptLists
      .optional()
      .describe("prompts over which the mean is taken; default the prompts themselves"),
    eachPosition: z
      .boolean()
      .default(false)
      .describe("whether every position has its own mean over the reference, not one for all"),
    metric: anyMetric,
    batchSize,
  })
  .superRefine(({ method, reference, eachPosition }, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message });
    const others = 'is for the mean, and method is "zero"; leave one of the two out.';
    if (method === "zero" && reference) refuse("reference", `reference ${others}`);
    if (method === "zero" && eachPosition) refuse("eachPosition", `eachPosition ${others}`);
    if (method === "mean" && eachPosition && !reference) {
      refuse("eachPosition", "eachPosition takes means over reference prompts; give reference.");
    }
  });

/** Options of `ablateHeads`. */
export type AblationOptions = z.input<typeof ablationOptions> & RunControl;

/** The same with their defaults. */
export type AskedAblation = ParsedOptions<typeof ablationOptions>;
