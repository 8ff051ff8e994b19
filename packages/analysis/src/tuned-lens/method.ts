/** The tuned lens as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { tunedLensOptions } from "./options.js";
import type { TunedLensResult } from "./result.js";
import { tunedLensView } from "./view.js";

export const tunedLensMethod = defineMethod({
  name: "tuned-lens",
  title: "Tuned lens",
  summary: "Tuned lens: trained, kept, and compared with the logit lens on what it has not seen",
  input: "prompts",
  options: tunedLensOptions,
  examples: [
    '"Mary and John went home" --file texts.txt --save lenses/tuned',
    '"Mary and John went home" --lens lenses/tuned',
  ],
  run: async (model: AnalysisModel, prompts, options): Promise<TunedLensResult> =>
    (await import("./tuned-lens.js")).tunedLens(model, prompts, options),
  view: tunedLensView,
});
