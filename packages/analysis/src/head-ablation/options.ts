/** What head ablation is asked. */
import type { RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, batchSize, metric, promptLists } from "../shared/schemas.js";

const head = z.tuple([z.int(), z.int()]).readonly();

export const ablationOptions = z
  .object({
    answer: answers.describe("one token; one for all prompts, or one for each"),
    wrongAnswer: answers.optional().describe("what its logit is compared with"),
    heads: z
      .array(head)
      .min(1)
      .readonly()
      .describe("layer and head of each, ablated together, at least one; negative from the end"),
    method: z.enum(["mean", "zero"]).default("mean").describe("what takes a head's place"),
    reference: promptLists
      .optional()
      .describe("prompts over which the mean is taken; default the prompts themselves"),
    metric,
    batchSize,
  })
  .superRefine(({ method, reference }, context) => {
    if (method === "mean" || !reference) return;
    const message = 'reference is for the mean, and method is "zero"; leave one of the two out.';
    context.addIssue({ code: "custom", path: ["reference"], message });
  });

/** Options of `ablateHeads`. */
export type AblationOptions = z.input<typeof ablationOptions> & RunControl;
