/** What the logit lens is asked. */
import type { RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, batchSize, indices } from "../shared/schemas.js";

export const lensOptions = z.object({
  topK: z.int().min(1).default(5).describe("tokens listed in each cell"),
  layers: indices
    .optional()
    .describe("layers after which to read, negative from the last; default the embedding and all"),
  positions: indices
    .optional()
    .describe("positions to read at, negative from each prompt's own end; default all"),
  answer: answers.optional().describe("a token whose rank is followed through the layers"),
  batchSize,
});

/** Options of `logitLens`. */
export type LensOptions = z.input<typeof lensOptions> & RunControl;
