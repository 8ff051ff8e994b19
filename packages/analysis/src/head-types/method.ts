/** Head types as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { headTypeOptions } from "./options.js";
import type { HeadTypesResult } from "./result.js";
import { headTypesView } from "./view.js";

export const heads = defineMethod({
  name: "heads",
  title: "Head types",
  summary: "Head types: which heads look back, at copies, or at what followed a copy",
  input: "none",
  options: headTypeOptions,
  examples: ["", "--seed 3 --sequences 16"],
  run: async (model: AnalysisModel, prompts, options): Promise<HeadTypesResult> =>
    (await import("./head-types.js")).headTypes(model, prompts, options),
  view: headTypesView,
});
