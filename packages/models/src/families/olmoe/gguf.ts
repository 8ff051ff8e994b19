/** OLMoE in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import {
  ggufExpertNames,
  ggufExperts,
  ggufNames,
  ggufQueryKeyNames,
  llamaLikeGguf,
} from "../shared/gguf.js";

export const olmoeGguf: GgufArchitecture = {
  reads: ["expert_count", "attention.clamp_kqv"],
  config: (metadata) => ({
    ...llamaLikeGguf(metadata),
    ...ggufExperts(metadata, "num_experts"),
    clip_qkv: metadata.value("attention.clamp_kqv") || null,
  }),
  modules: () => ({ ...ggufNames, ...ggufQueryKeyNames, ...ggufExpertNames }),
};
