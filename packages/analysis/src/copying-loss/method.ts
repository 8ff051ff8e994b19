/** The copying loss as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { copyingLossOptions } from "./options.js";
import type { CopyingLossResult } from "./result.js";
import { copyingLossView } from "./view.js";

export const copying = defineMethod({
  name: "copying",
  title: "Copying loss",
  summary: "Copying: how well what was said once is said again, and which heads that takes",
  input: "none",
  options: copyingLossOptions,
  examples: ["", "--heads 1.0,1.3"],
  run: async (model: AnalysisModel, prompts, options): Promise<CopyingLossResult> =>
    (await import("./copying-loss.js")).copyingLoss(model, prompts, options),
  view: copyingLossView,
});
