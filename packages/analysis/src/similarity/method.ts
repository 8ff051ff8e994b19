/** Similarity of layers as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { layerSimilarityOptions } from "./options.js";
import type { LayerSimilarityResult } from "./result.js";
import { similarityView } from "./view.js";

export const similarityMethod = defineMethod({
  name: "similarity",
  title: "Similarity of layers",
  summary: "Similarity: how alike the representations of layers or models are",
  input: "prompts",
  options: layerSimilarityOptions,
  examples: [
    "'Mary and John went to the park' --measure procrustes",
    "'Mary and John went to the park' --other ./finetuned",
  ],
  run: async (model: AnalysisModel, prompts, options): Promise<LayerSimilarityResult> =>
    (await import("./layer-similarity.js")).layerSimilarity(model, prompts, options),
  view: similarityView,
});
