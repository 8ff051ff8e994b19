/** Features of a prompt as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { DictionaryModel } from "../shared/model.js";
import { featuresOptions } from "./options.js";
import type { FeaturesResult } from "./result.js";
import { featuresView } from "./view.js";

export const features = defineMethod({
  name: "features",
  title: "Features of a prompt",
  summary: "Features: what a sparse dictionary finds in a prompt, and what each would say",
  input: "prompts",
  options: featuresOptions,
  examples: ["", "--features 7,12", "--dictionary ./my-dictionary"],
  run: async (model: DictionaryModel, prompts, options): Promise<FeaturesResult[]> =>
    (await import("./prompt-features.js")).promptFeatures(model, prompts, options),
  view: featuresView,
});
