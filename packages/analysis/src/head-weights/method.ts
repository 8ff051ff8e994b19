/** Readings of heads' weights as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { headWeightsOptions } from "./options.js";
import type { HeadWeightsResult } from "./result.js";
import { headWeightsView } from "./view.js";

export const weightsMethod = defineMethod({
  name: "weights",
  title: "Head weights",
  summary: "Head weights: which heads copy, match and read one another, without a prompt",
  input: "none",
  options: headWeightsOptions,
  examples: ["", "--directions 3.0"],
  run: async (model: AnalysisModel, prompts, options): Promise<HeadWeightsResult> =>
    (await import("./head-weights.js")).headWeights(model, prompts, options),
  view: headWeightsView,
});
