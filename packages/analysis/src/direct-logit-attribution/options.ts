/** What direct logit attribution is asked. */
import type { RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, batchSize } from "../shared/schemas.js";

export const attributionOptions = z.object({
  answer: answers.describe(
    "whose logit is explained, one token; one for all prompts, or one for each",
  ),
  wrongAnswer: answers.optional().describe("what its logit is compared with"),
  batchSize,
});

/** Options of `directLogitAttribution`. */
export type AttributionOptions = z.input<typeof attributionOptions> & RunControl;
