/** Head ablation as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { ablationOptions } from "./options.js";
import type { AblationResult } from "./result.js";
import { ablationView } from "./view.js";

export const ablate = defineMethod({
  name: "ablate",
  title: "Head ablation",
  summary: "Head ablation: what a model can still do without some of its heads",
  input: "prompts",
  options: ablationOptions,
  examples: ["--heads 2.1,3.0", "--heads 2.1 --method zero --metric probability"],
  run: async (model: AnalysisModel, prompts, options): Promise<AblationResult> =>
    (await import("./ablate-heads.js")).ablateHeads(model, prompts, options),
  view: ablationView,
});
