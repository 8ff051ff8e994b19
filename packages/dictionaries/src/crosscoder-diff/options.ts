/** What a comparison by a crosscoder is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { isCallable } from "@mlxterp/results/errors";
import { z } from "zod";
import type { DictionaryModel } from "../shared/model.js";

/** A model by what it can do: its class would bring the binding. */
function isModel(value: unknown): boolean {
  const model = value as Partial<DictionaryModel> | null;
  return isCallable(model?.run) && typeof model.anatomy === "object";
}

const share = z.number().min(0).max(0.5);

export const crosscoderDiffOptions = z.object({
  crosscoder: z
    .string()
    .min(1)
    .default("tiny")
    .describe(
      "the folder of a crosscoder of two, or of a hub (owner/name/folder); tiny is the one that ships, of two layers of the model tiny",
    )
    .meta({ reads: "files", hub: "folders" }),
  other: z
    .union([z.custom<DictionaryModel>(isModel), z.string().min(1)])
    .optional()
    .describe("the second model; default this one, for a crosscoder of two layers")
    .meta({ reads: "model" }),
  sites: readOnly(z.array(z.string().min(1)).min(1).max(2))
    .default(["layers.1", "layers.2"])
    .describe("what the first and the second are read at; one name for both"),
  exclusive: share
    .default(0.1)
    .describe("a share of the decoder norms below this, or above one less this, is exclusive"),
  shared: share.default(0.3).describe("one between this and one less this is shared"),
  firstToken: z
    .boolean()
    .default(false)
    .describe("whether the first token of prompts counts, which is often an outlier"),
  top: z.int().min(1).default(20).describe("how many features are shown"),
});

/** Options of `crosscoderDiff`. */
export type CrosscoderDiffOptions = z.input<typeof crosscoderDiffOptions> & RunControl;

/** The same with their defaults. */
export type AskedCrosscoderDiff = ParsedOptions<typeof crosscoderDiffOptions>;
