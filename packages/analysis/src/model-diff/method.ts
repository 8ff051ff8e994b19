/** Model diffing as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { modelDiffOptions } from "./options.js";
import type { ModelDiffResult } from "./result.js";
import { modelDiffView } from "./view.js";

export const diffMethod = defineMethod({
  name: "diff",
  title: "Model diffing",
  summary: "Model diffing: where a model and another, or its edit, part on the same prompt",
  input: "prompts",
  options: modelDiffOptions,
  examples: [
    "'the capital of France is' --change 'layers.2.mlp=scale(0)'",
    "'Mary and' --other ./finetuned",
  ],
  run: async (
    model: AnalysisModel,
    prompts,
    options,
  ): Promise<ModelDiffResult | ModelDiffResult[]> =>
    (await import("./model-diff.js")).modelDiff(model, prompts, options),
  view: modelDiffView,
});
