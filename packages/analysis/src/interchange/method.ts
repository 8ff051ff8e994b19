/** Interchange interventions as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { dasOptions } from "./options.js";
import type { DasResult } from "./result.js";
import { dasView } from "./view.js";

export const dasMethod = defineMethod({
  name: "das",
  title: "Interchange interventions",
  summary: "Interchange interventions: which directions carry a variable, learned and held out",
  input: "pairs",
  options: dasOptions,
  examples: ["--task agreement --pairs 24", "--task agreement --pairs 24 --kind boundless"],
  run: async (model: AnalysisModel, input, options): Promise<DasResult> =>
    (await import("./das.js")).das(model, input, options),
  view: dasView,
});
