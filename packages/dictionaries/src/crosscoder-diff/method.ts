/** Crosscoder diffing as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { DictionaryModel } from "../shared/model.js";
import { crosscoderDiffOptions } from "./options.js";
import type { CrosscoderDiffResult } from "./result.js";
import { crosscoderDiffView } from "./view.js";

export const crosscoder = defineMethod({
  name: "crosscoder",
  title: "Crosscoder diffing",
  summary: "Crosscoder diffing: features that two models or layers share, and those of one alone",
  input: "prompts",
  options: crosscoderDiffOptions,
  examples: [
    "'the capital of France is'",
    "'Mary and' --crosscoder ./mine --other ./finetuned --sites layers.2",
  ],
  run: async (model: DictionaryModel, prompts, options): Promise<CrosscoderDiffResult> =>
    (await import("./crosscoder-diff.js")).crosscoderDiff(model, prompts, options),
  view: crosscoderDiffView,
});
