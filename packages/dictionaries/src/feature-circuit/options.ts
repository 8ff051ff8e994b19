/** What feature circuits are asked for. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";

export const featureCircuitOptions = z.object({
  dictionaries: readOnly(z.array(z.string().min(1)))
    .default([])
    .describe(
      "folders of dictionaries, each of another place in the model, here or of a hub (owner/name/folder)",
    )
    .meta({ reads: "files", hub: "folders" }),
  transcoders: z
    .string()
    .min(1)
    .default("tiny")
    .describe(
      "a folder of transcoders of all layers, here or of a hub (owner/name/folder); none for dictionaries alone",
    )
    .meta({ reads: "files", hub: "folders" }),
  answer: z.string().optional().describe("the next token that is explained; default the likeliest"),
  nodes: z.int().min(1).max(500).default(12).describe("how many features and errors are kept"),
  steps: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe("steps of integrated gradients on the way from nothing; 1 is the plain gradient"),
  random: z
    .int()
    .min(0)
    .max(1000)
    .default(5)
    .describe("random circuits of the same size to compare with"),
  seed: z.int().default(0).describe("of the random circuits"),
});

/** Options of `featureCircuit`. */
export type FeatureCircuitOptions = z.input<typeof featureCircuitOptions> & RunControl;

/** The same with their defaults. */
export type AskedFeatureCircuit = ParsedOptions<typeof featureCircuitOptions>;
