/** Direct logit attribution as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { attributionOptions } from "./options.js";
import type { AttributionResult } from "./result.js";
import { attributionView } from "./view.js";

export const attribute = defineMethod({
  name: "attribute",
  title: "Direct logit attribution",
  summary: "Direct logit attribution: how much each head and MLP writes towards an answer",
  input: "prompts",
  options: attributionOptions,
  examples: ["", "'the capital of France is' --answer Paris --wrong-answer Rome"],
  run: async (model: AnalysisModel, prompts, options): Promise<AttributionResult> =>
    (await import("./direct-logit-attribution.js")).directLogitAttribution(model, prompts, options),
  view: attributionView,
});
