/** What attribution graphs are asked for. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";

export const graphOptions = z.object({
  transcoders: z
    .string()
    .min(1)
    .default("tiny")
    .describe(
      "the folder of transcoders of all layers, or of a hub (owner/name/folder); tiny are those that ship for the model tiny",
    )
    .meta({ reads: "files", hub: "folders" }),
  logits: z.int().min(1).default(10).describe("at most how many next tokens are targets"),
  probability: z
    .number()
    .gt(0)
    .max(1)
    .default(0.95)
    .describe("how much of the probability of the next token the targets shall have together"),
  maxFeatures: z
    .int()
    .min(1)
    .default(4096)
    .describe("at most how many features become nodes, those with most influence"),
  nodeShare: z
    .number()
    .gt(0)
    .max(1)
    .default(0.8)
    .describe("the share of influence that the nodes which are kept have together"),
  edgeShare: z
    .number()
    .gt(0)
    .max(1)
    .default(0.98)
    .describe("the share of influence that the edges which are kept carry together"),
  loadings: z
    .int()
    .min(0)
    .max(200)
    .default(0)
    .describe("of how many of the strongest edges between two positions the heads are told"),
  batchSize: z.int().min(1).default(64).describe("targets in one backward pass"),
});

/** Options of `attributionGraph`. */
export type GraphOptions = z.input<typeof graphOptions> & RunControl;

/** The same with their defaults. */
export type AskedGraph = ParsedOptions<typeof graphOptions>;
