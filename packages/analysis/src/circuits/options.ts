/** What a circuit is looked for with. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";
import { edgeScorings, scoringFields, scoringText } from "../edge-attribution/options.js";
import { draws } from "../shared/schemas.js";

const selections = ["top", "greedy", "bootstrap", "ratio"] as const;

/** How the edges of a circuit are chosen by their scores; on the page of this method each is defined. */
export type Selection = (typeof selections)[number];

const ablations = ["patch", "zero", "mean", "position-mean"] as const;

/** What the corrupted prompt wrote, nothing, or the mean of what all corrupted prompts wrote, over all positions or at each. */
export type Ablation = (typeof ablations)[number];

const share = z.number().min(0).max(1);

export const circuitOptions = z.object({
  ...scoringFields,
  scoring: z.enum(edgeScorings).default("eap-idg-inputs").describe(scoringText),
  keep: share.default(0.1).describe("share of the edges that make the circuit which is shown"),
  selection: z
    .enum(selections)
    .default("top")
    .describe("which edges make a circuit: the strongest, or with a rule of its own"),
  positiveShare: share
    .default(0.5)
    .describe('share of a circuit that is for edges that speak for the answer; of "ratio"'),
  ablation: z
    .enum(ablations)
    .default("patch")
    .describe("what all other edges carry: what the corrupted prompt wrote, nothing, or means"),
  fractions: readOnly(z.array(share).min(2))
    .default([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1])
    .describe("shares of the edges at which circuits are judged, from small to large"),
  random: draws.default(20).describe("random circuits of the same size to compare with"),
  minimality: z
    .int()
    .min(0)
    .default(20)
    .describe("edges of the circuit that are left out one by one, spread over its ranks"),
  completeness: draws
    .default(10)
    .describe("random parts that are left out of the circuit and of the whole model, to compare"),
  seed: z.int().min(0).default(0).describe("of what is drawn"),
});

/** Options of `findCircuit`. */
export type CircuitOptions = z.input<typeof circuitOptions> & RunControl;

/** The same with their defaults. */
export type AskedCircuit = ParsedOptions<typeof circuitOptions>;
