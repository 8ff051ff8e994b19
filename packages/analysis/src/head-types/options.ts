/** What head types are asked for. */
import type { RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { isCallable } from "@mlxterp/results/errors";
import { z } from "zod";
import { draws } from "../shared/schemas.js";
import type { HeadTargets } from "./head-kinds.js";

/** How attention on targets becomes a score. */
const measures = ["queries", "attention", "distance"] as const;

export type HeadMeasure = (typeof measures)[number];

export const headTypeOptions = z.object({
  seed: z.int().min(0).default(0).describe("of the random tokens"),
  length: z.int().optional().describe("tokens of one copy; default 50, or what fits the model"),
  sequences: z.int().min(1).default(8).describe("random sequences"),
  threshold: z.number().default(0.4).describe("least score for a head to be called of a type"),
  measure: z
    .enum(measures)
    .default("queries")
    .describe(
      "attention on targets as a share of the queries that have one, of all attention, or 1 less the distance from looking nowhere else",
    ),
  exclude: readOnly(z.array(z.enum(["first", "current"])))
    .default([])
    .describe("attention that does not count: on the first position, on the query's own"),
  nulls: draws
    .default(4)
    .describe("times that tokens are shuffled, to see what a kind scores by chance"),
  detectors: z
    .record(z.string(), z.custom<HeadTargets>(isCallable))
    .optional()
    .describe("kinds of one's own: functions (query, key, ids) that say where such a head looks"),
  batchSize: z.int().min(1).default(8).describe("sequences in one pass"),
});

/** Options of `headTypes`. */
export type HeadTypeOptions = z.input<typeof headTypeOptions> & RunControl;
