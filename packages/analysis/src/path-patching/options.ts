/** What path patching is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, metric } from "../shared/schemas.js";

export const pathOptions = z.object({
  answer: answers.describe("the clean prompt's answer, one token; one for all pairs, or one each"),
  wrongAnswer: answers.optional().describe("the corrupted prompt's answer, to compare with"),
  receivers: z
    .array(z.string())
    .min(1)
    .readonly()
    .default(["logits"])
    .describe("what may notice: logits, or what heads read, such as a3.h0<q>; several at once"),
  mlps: z
    .enum(["frozen", "recomputed"])
    .default("recomputed")
    .describe("whether paths may lead through MLPs, or only straight to the receivers"),
  metric,
  batchSize: z.int().min(1).default(4).describe("pairs in one pass"),
});

/** Options of `pathPatching`. */
export type PathOptions = z.input<typeof pathOptions> & RunControl;

/** The same with their defaults. */
export type AskedPaths = ParsedOptions<typeof pathOptions>;
