/** Attention patterns as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { attentionOptions } from "./options.js";
import type { AttentionResult } from "./result.js";
import { attentionView } from "./view.js";

export const attention = defineMethod({
  name: "attention",
  title: "Attention patterns",
  summary: "Attention: where each head looks, token by token",
  input: "prompts",
  options: attentionOptions,
  examples: [
    "'Mary and John went to the park . John gave a ball to'",
    "--layers 2 --heads 1",
    "--tokens 2,0,1,1,0,2 --model ./sort-gpt2",
  ],
  run: async (
    model: AnalysisModel,
    prompts,
    options,
  ): Promise<AttentionResult | AttentionResult[]> =>
    (await import("./attention-patterns.js")).attentionPatterns(model, prompts, options),
  view: attentionView,
});
