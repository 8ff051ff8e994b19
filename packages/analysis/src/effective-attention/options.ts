/** What effective attention is asked for. */
import type { RunControl } from "@mlxterp/results";
import { z } from "zod";
import { indices } from "../shared/schemas.js";

export const effectiveAttentionOptions = z.object({
  layers: indices
    .optional()
    .describe("layers to look at, negative from the last; default all with a mixer"),
});

/** Options of `effectiveAttention`. */
export type EffectiveAttentionOptions = z.input<typeof effectiveAttentionOptions> & RunControl;
