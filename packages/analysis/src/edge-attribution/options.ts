/** What edge attribution is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, metric } from "../shared/schemas.js";

export const edgeScorings = [
  "eap",
  "eap-ig-inputs",
  "eap-ig-activations",
  "clean-corrupted",
  "exact",
  "information-flow",
] as const;

/** How edges are scored; on the page of this method each is defined. */
export type EdgeScoring = (typeof edgeScorings)[number];

export const scoringFields = {
  answer: answers.describe("the clean prompt's answer, one token; one for all pairs, or one each"),
  wrongAnswer: answers.optional().describe("the corrupted prompt's answer, to compare with"),
  scoring: z
    .enum(edgeScorings)
    .default("eap-ig-inputs")
    .describe(
      "how edges are scored: by gradients at one or several points, by running each, by size",
    ),
  steps: z
    .int()
    .min(1)
    .default(5)
    .describe("points between the two prompts; of the eap-ig scorings"),
  metric,
  batchSize: z.int().min(1).default(4).describe("pairs in one pass"),
};

export const edgeOptions = z.object(scoringFields);

/** Options of `edgeAttribution`. */
export type EdgeOptions = z.input<typeof edgeOptions> & RunControl;

/** The same with their defaults. */
export type AskedEdges = ParsedOptions<typeof edgeOptions>;
