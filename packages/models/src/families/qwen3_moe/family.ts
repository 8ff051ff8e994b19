/** Qwen 3 with experts (`model_type: "qwen3_moe"`): normalised queries and keys; some layers may stay dense. */
import { always, size, unread } from "../shared/config-json.js";
import { expertModules, stackedParameters } from "../shared/experts.js";
import { likeLlama } from "../shared/like-llama.js";
import { gatedNames } from "../shared/names.js";
import { count, field, flag, part, together, when } from "../shared/part.js";
import { sparseLayers } from "../shared/sparse-layers.js";
import { slidingWindow } from "../shared/windows.js";
import { qwen3MoeGguf } from "./gguf.js";

// Two names of one number.
const expertCount = part(
  () => ({ num_experts: size.nullish(), num_local_experts: size.nullish() }),
  (config) => config.num_experts ?? config.num_local_experts ?? 128,
);

export const qwen3Moe = likeLlama("qwen3_moe", {
  gguf: qwen3MoeGguf,
  fields: () => ({
    max_window_layers: unread, // every layer has the window
    shared_expert_intermediate_size: always(0),
    use_qk_norm: always(true),
  }),
  longest: count("max_position_embeddings", 32_768),
  queryKeyNorm: "head",
  window: when(flag("use_sliding_window", false), slidingWindow(null)),
  mlpWidth: when(
    sparseLayers,
    count("moe_intermediate_size", 768),
    field("intermediate_size", () => size),
  ),
  experts: when(
    sparseLayers,
    together({
      count: expertCount,
      topK: count("num_experts_per_tok", 8),
      scoring: "softmax" as const,
      normalized: flag("norm_topk_prob", false),
    }),
  ),
  names: { ...gatedNames, ...expertModules },
  parameters: stackedParameters,
});
