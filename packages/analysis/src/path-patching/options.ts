/** What path patching is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";
import { answers, anyMetric } from "../shared/schemas.js";

export const pathOptions = z.object({
  answer: answers.describe("the clean prompt's answer; one for all pairs, or one each"),
  wrongAnswer: answers.optional().describe("the corrupted prompt's answer, to compare with"),
  senders: readOnly(z
    .array(z.union([z.string(), readOnly(z.array(z.string()).min(1))]))
    .min(1))
    .optional()
    .describe("who writes what it wrote for the corrupted prompt: heads such as a0.h1, MLPs such as m0, input, or lists that send together; default each head by itself"), // biome-ignore format: one sentence
  receivers: readOnly(z.array(z.string()).min(1))
    .default(["logits"])
    .describe(
      "what may notice: logits, MLPs such as m3, or what heads read, such as a3.h0<q>; several at once",
    ),
  mlps: z
    .enum(["frozen", "recomputed"])
    .default("recomputed")
    .describe("whether paths may lead through MLPs, or only straight to the receivers"),
  metric: anyMetric,
  batchSize: z.int().min(1).default(4).describe("pairs in one pass"),
});

/** Options of `pathPatching`. */
export type PathOptions = z.input<typeof pathOptions> & RunControl;

/** The same with their defaults. */
export type AskedPaths = ParsedOptions<typeof pathOptions>;
