/** Attribution graphs as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { DictionaryModel } from "../shared/model.js";
import { graphOptions } from "./options.js";
import type { GraphResult } from "./result.js";
import { graphView } from "./view.js";

export const graph = defineMethod({
  name: "graph",
  title: "Attribution graph",
  summary: "Graph: which features make the model say what it says, and through which others",
  input: "prompts",
  options: graphOptions,
  examples: ["", "--logits 3 --node-share 0.6", "--transcoders ./my-transcoders"],
  run: async (model: DictionaryModel, prompts, options): Promise<GraphResult[]> =>
    (await import("./attribution-graph.js")).attributionGraph(model, prompts, options),
  view: graphView,
});
