/** What direct logit attribution is asked. */
import type { RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";
import { answers, batchSize } from "../shared/schemas.js";

export const attributionOptions = z.object({
  answer: answers.describe(
    "whose logit is explained, one token; one for all prompts, or one for each",
  ),
  wrongAnswer: answers.optional().describe("what its logit is compared with"),
  by: readOnly(z.array(z.enum(["neurons", "experts", "sources"])))
    .default([])
    .describe("what is listed besides: single neurons, experts, the tokens that heads take from"),
  most: z.int().min(1).default(20).describe("how many of each are listed, the largest"),
  batchSize,
});

/** Options of `directLogitAttribution`. */
export type AttributionOptions = z.input<typeof attributionOptions> & RunControl;
