/** What a circuit is looked for with. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { scoringFields } from "../edge-attribution/options.js";

const share = z.number().min(0).max(1);

export const circuitOptions = z.object({
  ...scoringFields,
  keep: share.default(0.1).describe("share of the edges that make the circuit which is shown"),
  fractions: z
    .array(share)
    .min(2)
    .readonly()
    .default([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1])
    .describe("shares of the edges at which circuits are judged, from small to large"),
  random: z.int().min(0).default(20).describe("random circuits of the same size to compare with"),
  seed: z.int().min(0).default(0).describe("of the random circuits"),
});

/** Options of `findCircuit`. */
export type CircuitOptions = z.input<typeof circuitOptions> & RunControl;

/** The same with their defaults. */
export type AskedCircuit = ParsedOptions<typeof circuitOptions>;
