/** Activation patching as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { patchingOptions } from "./options.js";
import type { PatchingResult } from "./result.js";
import { patchingView } from "./view.js";

export const patch = defineMethod({
  name: "patch",
  title: "Activation patching",
  summary: "Activation patching: what restores a clean prompt's answer in a corrupted one",
  input: "pairs",
  options: patchingOptions,
  examples: [
    "--kinds residual,head",
    "--clean 'the capital of France is' --corrupted 'the capital of Italy is' --answer Paris --wrong-answer Rome",
  ],
  run: async (model: AnalysisModel, input, options): Promise<PatchingResult> =>
    (await import("./activation-patching.js")).activationPatching(model, input, options),
  view: patchingView,
});
