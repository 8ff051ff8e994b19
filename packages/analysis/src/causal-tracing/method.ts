/** Causal tracing as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { tracingOptions } from "./options.js";
import type { TracingResult } from "./result.js";
import { tracingView } from "./view.js";

export const causal = defineMethod({
  name: "causal",
  title: "Causal tracing",
  summary:
    "Causal tracing: which states bring an answer back after its subject was made unreadable",
  input: "prompts",
  options: tracingOptions,
  examples: [
    "'the capital of France is' --subject France",
    "'the capital of France is' --subject France --kinds residual --severed mlp",
  ],
  run: async (model: AnalysisModel, prompts, options): Promise<TracingResult | TracingResult[]> =>
    (await import("./causal-tracing.js")).causalTracing(model, prompts, options),
  view: tracingView,
});
