/** What a scan is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers } from "../shared/schemas.js";

export const scanOptions = z.object({
  answer: answers.describe("the clean prompt's answer; one for all pairs, or one each"),
  wrongAnswer: answers.describe("the corrupted prompt's answer, to compare with"),
  seconds: z
    .number()
    .positive()
    .default(60)
    .describe("no step begins after so many; what was not looked at is told"),
  top: z
    .int()
    .min(1)
    .default(8)
    .describe("heads and MLPs that are patched, those that attribution ranks first"),
  random: z
    .int()
    .min(1)
    .default(8)
    .describe("heads and MLPs drawn at random that these are held against"),
  seed: z.int().min(0).default(0).describe("of what is drawn"),
  batchSize: z.int().min(1).default(4).describe("pairs in one pass"),
});

/** Options of `scan`. */
export type ScanOptions = z.input<typeof scanOptions> & RunControl;

/** The same with their defaults. */
export type AskedScan = ParsedOptions<typeof scanOptions>;
