/** What probes are asked. */
import { type ParsedOptions, type RunControl, readOnly } from "@mlxterp/results";
import { z } from "zod";
import { batchSize, draws, folds, indices } from "../shared/schemas.js";

export const probeSites = {
  residual: "layers.*",
  attention: "layers.*.selfAttn",
  mlp: "layers.*.mlp",
  neurons: "layers.*.mlp.post",
} as const;

export const probeOptions = z.object({
  site: z
    .enum(["residual", "attention", "mlp", "neurons"])
    .default("residual")
    .describe("what is read: the stream after a layer, what attention or the MLP adds, neurons"),
  layers: indices.optional().describe("layers to probe, negative from the last; default all"),
  positions: z
    .union([z.enum(["last", "mean", "max", "attention", "each", "spans"]), indices])
    .default("last")
    .describe("the last token, all pooled (attention learns where to look), each, these, or the words that spans mark"), // biome-ignore format: one line
  rule: z
    .enum(["logistic", "massMean"])
    .default("logistic")
    .describe("logistic regression, or the line between the means of both classes"),
  C: z.number().positive().default(1).describe("how much errors weigh against large weights"),
  sparse: z.int().min(1).optional().describe("how many coordinates are read; default all"),
  groups: readOnly(z.array(z.union([z.string(), z.int()])).min(1))
    .optional()
    .describe("of each pair, what it shares with others; pairs of a group are held out together"),
  folds,
  nulls: draws
    .default(3)
    .describe("control tasks: the same with both labels of each pair exchanged by chance"),
  longer: z
    .string()
    .min(1)
    .optional()
    .describe("a text put before held-out prompts, to see whether the probe still reads them"),
  seed: z.int().min(0).default(0).describe("of parts and control tasks"),
  batchSize,
});

/** Options of `probe`. */
export type ProbeOptions = z.input<typeof probeOptions> & RunControl;

/** The same with their defaults. */
export type AskedProbe = ParsedOptions<typeof probeOptions>;
