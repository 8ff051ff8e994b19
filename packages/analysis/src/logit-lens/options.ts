/** What the logit lens is asked. */
import type { RunControl } from "@mlxterp/results";
import { isCallable } from "@mlxterp/results/errors";
import { z } from "zod";
import type { LensTranslators } from "../lens-translators/lens-translators.js";
import { answers, batchSize, indices, tokenList } from "../shared/schemas.js";

/** A lens by what it can do: its class would bring the binding. */
function isLens(value: unknown): boolean {
  const lens = value as Partial<LensTranslators> | null;
  return isCallable(lens?.apply) && typeof lens.depths === "number";
}

export const lensOptions = z.object({
  topK: z.int().min(1).default(5).describe("tokens listed in each cell"),
  layers: indices
    .optional()
    .describe("layers after which to read, negative from the last; default the embedding and all"),
  positions: indices
    .optional()
    .describe("positions to read at, negative from each prompt's own end; default all"),
  answer: answers.optional().describe("a token whose rank is followed through the layers"),
  follow: tokenList
    .optional()
    .describe("more tokens whose rank and probability are followed, the same for all prompts"),
  kl: z.boolean().default(false).describe("how far each row is from the final prediction, in nats"),
  translators: z
    .union([z.string().min(1), z.custom<LensTranslators>(isLens)])
    .optional()
    .describe("a tuned or Jacobian lens, or its folder; without one every row is read as the last")
    .meta({ reads: "files" }),
  batchSize,
});

/** Options of `logitLens`. */
export type LensOptions = z.input<typeof lensOptions> & RunControl;
