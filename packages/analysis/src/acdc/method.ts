/** ACDC as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { acdcOptions } from "./options.js";
import type { AcdcResult } from "./result.js";
import { acdcView } from "./view.js";

export const discover = defineMethod({
  name: "acdc",
  title: "ACDC",
  summary: "ACDC: the connections that cannot be left out, found one by one",
  input: "pairs",
  options: acdcOptions,
  examples: ["--threshold 0.1", "--metric logitDifference --threshold 0.5"],
  run: async (model: AnalysisModel, input, options): Promise<AcdcResult> =>
    (await import("./acdc.js")).acdc(model, input, options),
  view: acdcView,
});
