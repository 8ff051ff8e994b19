/** Token attribution as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { tokenOptions } from "./options.js";
import type { TokenResult } from "./result.js";
import { tokenView } from "./view.js";

export const tokens = defineMethod({
  name: "tokens",
  title: "Token attribution",
  summary: "Token attribution: which tokens of the prompt speak for an answer",
  input: "prompts",
  options: tokenOptions,
  examples: ["", "--scoring gradient-input"],
  run: async (model: AnalysisModel, prompts, options): Promise<TokenResult | TokenResult[]> =>
    (await import("./token-attribution.js")).tokenAttribution(model, prompts, options),
  view: tokenView,
});
