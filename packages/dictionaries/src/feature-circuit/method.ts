/** Feature circuits as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { DictionaryModel } from "../shared/model.js";
import { featureCircuitOptions } from "./options.js";
import type { FeatureCircuitResult } from "./result.js";
import { featureCircuitView } from "./view.js";

export const circuitOfFeatures = defineMethod({
  name: "feature-circuit",
  title: "Feature circuit",
  summary:
    "Feature circuit: features of any dictionaries that bring an answer about, judged by what they keep of it",
  input: "prompts",
  options: featureCircuitOptions,
  examples: ["", "--nodes 20 --steps 8", "--transcoders none --dictionaries ./layer-1,./layer-2"],
  run: async (model: DictionaryModel, prompts, options): Promise<FeatureCircuitResult[]> =>
    (await import("./feature-circuit.js")).featureCircuit(model, prompts, options),
  view: featureCircuitView,
});
