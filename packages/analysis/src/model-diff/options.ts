/** What a comparison of two models is asked. */
import type { RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";
import { anyModel } from "../shared/any-model.js";

export const modelDiffOptions = z.object({
  other: anyModel
    .optional()
    .describe(
      "the model to compare with, a view or quantized form of this one, or another of the same vocabulary",
    ),
  change: z
    .union([z.string().min(1), readOnly(z.array(z.string().min(1)).min(1))])
    .optional()
    .describe("what is changed in this model instead, such as layers.1.mlp=scale(0.5)"),
  topK: z.int().min(1).default(5).describe("tokens listed that gain and lose most at the end"),
});

/** Options of `modelDiff`. */
export type ModelDiffOptions = z.input<typeof modelDiffOptions> & RunControl;
