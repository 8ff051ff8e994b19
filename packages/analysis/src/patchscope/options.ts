/** What patchscopes are asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";
import { answers, draws, indices } from "../shared/schemas.js";

const prompt = z.union([z.string(), readOnly(z.array(z.int().min(0)).min(1))]);

export const patchscopeOptions = z.object({
  target: prompt.describe("the prompt inside which the vector is inspected"),
  position: z.int().default(-1).describe("where the vector is taken, negative from the end"),
  targetPosition: z.int().default(-1).describe("where it is put, negative from the end"),
  layers: indices
    .optional()
    .describe(
      "layers after which it is taken, negative from the last; default the embedding and all",
    ),
  targetLayer: z
    .int()
    .optional()
    .describe(
      "the layer after which it is put, negative from the last; default the one it is from",
    ),
  answer: answers.optional().describe("a token whose rank is followed, as it continues the target"),
  topK: z.int().min(1).default(5).describe("tokens listed for each layer"),
  maxTokens: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe("how many tokens the target is continued by"),
  nulls: draws
    .default(2)
    .describe("vectors of the same length at random, for each layer, to compare with"),
  seed: z.int().min(0).default(0).describe("of the random vectors"),
});

/** Options of `patchscope`. */
export type PatchscopeOptions = z.input<typeof patchscopeOptions> & RunControl;

/** The same with their defaults. */
export type AskedPatchscope = ParsedOptions<typeof patchscopeOptions>;
