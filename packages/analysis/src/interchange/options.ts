/** What interchange interventions are asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { z } from "zod";
import { answers, batchSize, draws, indices } from "../shared/schemas.js";

export const dasOptions = z.object({
  answer: answers.describe("what the clean prompt is continued by as it is"),
  wrongAnswer: answers.describe(
    "what it should be continued by when the variable is the corrupted prompt's",
  ),
  layers: indices
    .optional()
    .describe("layers after which is exchanged, negative from the last; default all"),
  positions: indices.default([-1]).describe("where, negative from the end; each by itself"),
  kind: z
    .enum(["rotation", "boundless", "mask"])
    .default("rotation")
    .describe(
      "a subspace of `size` dimensions, one whose size is learned, or single coordinates of the plain basis",
    ),
  size: z.int().min(1).default(1).describe("dimensions of the subspace"),
  steps: z.int().min(1).default(60).describe("updates"),
  learningRate: z.number().positive().default(0.05).describe("of Adam, falling to 0 in a line"),
  sparsity: z.number().min(0).default(2).describe("what size costs where it is learned"),
  nulls: draws.default(3).describe("subspaces at random of the same size, to compare with"),
  seed: z.int().min(0).default(0).describe("of the start, and of random subspaces"),
  batchSize,
});

/** Options of `das`. */
export type DasOptions = z.input<typeof dasOptions> & RunControl;

/** The same with their defaults. */
export type AskedDas = ParsedOptions<typeof dasOptions>;
