/** Erasure as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { erasureOptions } from "./options.js";
import type { ErasureResult } from "./result.js";
import { erasureView } from "./view.js";

export const eraseMethod = defineMethod({
  name: "erase",
  title: "Erasure",
  summary:
    "Erasure: what a line can still tell after a difference was taken out, and what that costs",
  input: "pairs",
  options: erasureOptions,
  examples: [
    "--task agreement --pairs 16",
    "--task agreement --pairs 16 --rule projection --layers 2",
  ],
  run: async (model: AnalysisModel, input, options): Promise<ErasureResult> =>
    (await import("./erasure.js")).erasure(model, input, options),
  view: erasureView,
});
