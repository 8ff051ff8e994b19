/** What edge attribution is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, metric } from "../shared/schemas.js";

export const edgeScorings = [
  "eap",
  "eap-ig-inputs",
  "eap-idg-inputs",
  "eap-ig-activations",
  "clean-corrupted",
  "relp",
  "relp-qk",
  "gim",
  "exact",
  "information-flow",
  "edge-masks",
  "node-masks",
] as const;

/** How edges are scored; on the page of this method each is defined. */
export type EdgeScoring = (typeof edgeScorings)[number];

/** The same for every method that scores edges, whatever its default is. */
export const scoringText =
  "how edges are scored: by gradients at one or several points, by running each, by size, by masks that are learned";

export const scoringFields = {
  answer: answers.describe("the clean prompt's answer; one for all pairs, or one each"),
  wrongAnswer: answers.optional().describe("the corrupted prompt's answer, to compare with"),
  scoring: z.enum(edgeScorings).default("eap-ig-inputs").describe(scoringText),
  steps: z
    .int()
    .min(1)
    .default(5)
    .describe("points between the two prompts; of the eap-ig and eap-idg scorings"),
  maskSteps: z.int().min(1).default(60).describe("steps that masks are learned for"),
  sparsity: z
    .number()
    .min(0)
    .default(1)
    .describe("what keeping all edges costs masks, where 1 is losing the whole difference"),
  neurons: z
    .boolean()
    .default(false)
    .describe("whether single neurons, and experts of mixtures, write as nodes of their own"),
  metric,
  batchSize: z.int().min(1).default(4).describe("pairs in one pass"),
};

export const edgeOptions = z.object(scoringFields);

/** Options of `edgeAttribution`. */
export type EdgeOptions = z.input<typeof edgeOptions> & RunControl;

/** The same with their defaults. */
export type AskedEdges = ParsedOptions<typeof edgeOptions>;
