/** What the copying loss is asked. */
import type { RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";

const head = readOnly(z.tuple([z.int(), z.int()]));

export const copyingLossOptions = z.object({
  heads: readOnly(z.array(head).min(1))
    .optional()
    .describe("heads to set to zero, and as many others to compare; negative from the end"),
  seed: z.int().min(0).default(0).describe("of the random tokens"),
  length: z.int().optional().describe("tokens of one copy; default 50, or what fits the model"),
  sequences: z.int().min(1).default(8).describe("random sequences"),
  batchSize: z.int().min(1).default(8).describe("sequences in one pass"),
});

/** Options of `copyingLoss`. */
export type CopyingLossOptions = z.input<typeof copyingLossOptions> & RunControl;
