/** Path patching as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { pathOptions } from "./options.js";
import type { PathResult } from "./result.js";
import { pathView } from "./view.js";

export const path = defineMethod({
  name: "path",
  title: "Path patching",
  summary: "Path patching: which heads matter to the logits, or to what other heads read",
  input: "pairs",
  options: pathOptions,
  examples: ["", "--receivers 'a3.h0<v>'"],
  run: async (model: AnalysisModel, input, options): Promise<PathResult | PathResult<"senders">> =>
    (await import("./path-patching.js")).pathPatching(model, input, options),
  view: pathView,
});
