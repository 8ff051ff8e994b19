/** What head types are asked for. */
import type { RunControl } from "@mlxterp/results";
import { z } from "zod";

export const headTypeOptions = z.object({
  seed: z.int().min(0).default(0).describe("of the random tokens"),
  length: z.int().optional().describe("tokens of one copy; default 50, or what fits the model"),
  sequences: z.int().min(1).default(8).describe("random sequences"),
  threshold: z.number().default(0.4).describe("least score for a head to be called of a type"),
  batchSize: z.int().min(1).default(8).describe("sequences in one pass"),
});

/** Options of `headTypes`. */
export type HeadTypeOptions = z.input<typeof headTypeOptions> & RunControl;
