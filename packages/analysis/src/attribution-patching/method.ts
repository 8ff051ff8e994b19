/** Attribution patching as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { attributionPatchingOptions } from "./options.js";
import type { AttributionPatchingResult } from "./result.js";
import { attributionPatchingView } from "./view.js";

export const atp = defineMethod({
  name: "atp",
  title: "Attribution patching",
  summary: "Attribution patching: what every patch would do, from one pass with gradients",
  input: "pairs",
  options: attributionPatchingOptions,
  examples: ["", "--rule relp --kinds mlp"],
  run: async (model: AnalysisModel, input, options): Promise<AttributionPatchingResult> =>
    (await import("./attribution-patching.js")).attributionPatching(model, input, options),
  view: attributionPatchingView,
});
