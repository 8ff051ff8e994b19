/** OLMoE (`model_type: "olmoe"`): many small experts, queries and keys normalised over their full width, then clipped. */
import { expertModules, stackedParameters } from "../shared/experts.js";
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { count, flag, optionalBound, together } from "../shared/part.js";
import { olmoeGguf } from "./gguf.js";

export const olmoe = likeLlama("olmoe", {
  gguf: olmoeGguf,
  longest: count("max_position_embeddings", 4096),
  norm: rmsNorm(1e-5),
  queryKeyNorm: "width",
  clip: optionalBound("clip_qkv"),
  experts: together({
    count: count("num_experts", 64),
    topK: count("num_experts_per_tok", 8),
    scoring: "softmax" as const,
    normalized: flag("norm_topk_prob", false),
  }),
  names: expertModules,
  parameters: stackedParameters,
});
