/** The logit lens as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { lensOptions } from "./options.js";
import type { LensResult } from "./result.js";
import { lensView } from "./view.js";

export const lens = defineMethod({
  name: "lens",
  title: "Logit lens",
  summary: "Logit lens: what would be predicted after every layer, at every position",
  input: "prompts",
  options: lensOptions,
  examples: [
    "'Mary and John went to the park . John gave a ball to' --answer Mary",
    "'Once upon a time' --model Xenova/llama2.c-stories15M --top-k 3",
  ],
  run: async (model: AnalysisModel, prompts, options): Promise<LensResult | LensResult[]> =>
    (await import("./logit-lens.js")).logitLens(model, prompts, options),
  view: lensView,
});
