/** Mixtral (`model_type: "mixtral"`): Mistral's layout with experts, whose weights are renormalised. */
import { blockSparseModules, stackedParameters } from "../shared/experts.js";
import { likeLlama } from "../shared/like-llama.js";
import { mistralParts } from "../shared/mistral-parts.js";
import { rmsNorm } from "../shared/norms.js";
import { count, together } from "../shared/part.js";
import { rotary } from "../shared/rope-parts.js";
import { slidingWindow } from "../shared/windows.js";

export const mixtral = likeLlama("mixtral", {
  ...mistralParts,
  norm: rmsNorm(1e-5),
  rope: rotary({ base: 1e6 }),
  window: slidingWindow(null),
  experts: together({
    count: count("num_local_experts", 8),
    topK: count("num_experts_per_tok", 2),
    scoring: "softmax" as const,
    normalized: true,
  }),
  names: {
    ...blockSparseModules,
    "layers.*.mlp.gate": "layers.*.mlp.router", // beside experts that lie in two tensors
  },
  parameters: stackedParameters,
});
