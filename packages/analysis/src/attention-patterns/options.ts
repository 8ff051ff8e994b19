/** What attention patterns are asked for. */
import type { RunControl } from "@mlxterp/results";
import { z } from "zod";
import { indices } from "../shared/schemas.js";

export const attentionOptions = z.object({
  layers: indices.optional().describe("layers to look at, negative from the last; default all"),
  heads: indices.optional().describe("heads to look at, negative from the last; default all"),
});

/** Options of `attentionPatterns`. */
export type AttentionOptions = z.input<typeof attentionOptions> & RunControl;
