/** Edge attribution as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { edgeOptions } from "./options.js";
import type { EdgeResult } from "./result.js";
import { edgeView } from "./view.js";

export const edges = defineMethod({
  name: "edges",
  title: "Edge attribution",
  summary: "Edge attribution: which connections between heads and MLPs carry the answer",
  input: "pairs",
  options: edgeOptions,
  examples: ["", "--scoring exact"],
  run: async (model: AnalysisModel, input, options): Promise<EdgeResult> =>
    (await import("./edge-attribution.js")).edgeAttribution(model, input, options),
  view: edgeView,
});
