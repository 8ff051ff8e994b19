/** What erasure is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { batchSize, draws, folds, indices, readPosition } from "../shared/schemas.js";

export const erasureSites = {
  residual: "layers.*",
  attention: "layers.*.selfAttn",
  mlp: "layers.*.mlp",
} as const;

export const erasureOptions = z.object({
  site: z
    .enum(["residual", "attention", "mlp"])
    .default("residual")
    .describe("where it is erased: the stream after a layer, what attention or the MLP adds"),
  layers: indices
    .optional()
    .describe("layers at which it is erased, each by itself, negative from the last; default all"),
  position: readPosition,
  rule: z
    .enum(["leace", "projection"])
    .default("leace")
    .describe("LEACE, which moves as little as can be, or a direction that is projected out"),
  direction: z
    .enum(["meanDifference", "pcaDifference", "pcaCentre", "logistic"])
    .default("meanDifference")
    .describe("of a projection: how its direction is found"),
  folds,
  nulls: draws.default(2).describe("directions at random that are projected out, to compare with"),
  seed: z.int().min(0).default(0).describe("of parts and random directions"),
  save: z
    .string()
    .min(1)
    .optional()
    .describe("a file where the erasure at all these layers is kept, as an edit")
    .meta({ writes: "files" }),
  batchSize,
});

/** Options of `erasure`. */
export type ErasureOptions = z.input<typeof erasureOptions> & RunControl;

/** The same with their defaults. */
export type AskedErasure = ParsedOptions<typeof erasureOptions>;
