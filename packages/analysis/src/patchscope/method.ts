/** Patchscopes as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { patchscopeOptions } from "./options.js";
import type { PatchscopeResult } from "./result.js";
import { patchscopeView } from "./view.js";

export const patchscopeMethod = defineMethod({
  name: "patchscope",
  title: "Patchscopes",
  summary: "Patchscopes: what a vector means, by putting it inside another prompt",
  input: "prompts",
  options: patchscopeOptions,
  examples: ["'the capital of France' --target 'the capital of Italy' --answer is"],
  run: async (
    model: AnalysisModel,
    prompts,
    options,
  ): Promise<PatchscopeResult | PatchscopeResult[]> =>
    (await import("./patchscope.js")).patchscope(model, prompts, options),
  view: patchscopeView,
});
