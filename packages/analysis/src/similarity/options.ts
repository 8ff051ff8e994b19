/** What a comparison of layers is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { anyModel } from "../shared/any-model.js";
import { draws, indices } from "../shared/schemas.js";

export const layerSimilarityOptions = z.object({
  other: anyModel
    .optional()
    .describe("another model of the same vocabulary, or a view of this one; default the model itself"), // biome-ignore format: one line
  measure: z.enum(["cka", "svcca", "procrustes"]).default("cka").describe("what likeness is"),
  layers: indices.optional().describe("layers of both, negative from the last; default all"),
  skip: z.int().min(0).default(1).describe("tokens at the start of each prompt that are left out"),
  nulls: draws
    .default(1)
    .describe(
      "orders of the other's tokens that have nothing in common with these, to compare with",
    ),
  seed: z.int().min(0).default(0).describe("of those orders"),
});

/** Options of `layerSimilarity`. */
export type LayerSimilarityOptions = z.input<typeof layerSimilarityOptions> & RunControl;

/** The same with their defaults. */
export type AskedSimilarity = ParsedOptions<typeof layerSimilarityOptions>;
