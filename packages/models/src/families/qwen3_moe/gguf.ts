/** Qwen 3 with experts in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import {
  ggufExpertNames,
  ggufExperts,
  ggufNames,
  ggufQueryKeyNames,
  llamaLikeGguf,
} from "../shared/gguf.js";

export const qwen3MoeGguf: GgufArchitecture = {
  name: "qwen3moe",
  reads: ["expert_count"],
  config: (metadata) => ({
    ...{ ...llamaLikeGguf(metadata), model_type: "qwen3_moe" },
    ...ggufExperts(metadata, "num_experts"),
    moe_intermediate_size: metadata.value("expert_feed_forward_length"),
    norm_topk_prob: true, // of all published ones; files do not say
  }),
  modules: () => ({ ...ggufNames, ...ggufQueryKeyNames, ...ggufExpertNames }),
};
