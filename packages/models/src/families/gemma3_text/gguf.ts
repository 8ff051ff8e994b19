/** Gemma 3 in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { gemmaConfig, gemmaNames, sandwichNames, scalar } from "../shared/gemma-gguf.js";
import { ggufQueryKeyNames } from "../shared/gguf.js";

export const gemma3Gguf: GgufArchitecture = {
  name: "gemma3",
  reads: ["final_logit_softcapping"],
  config: (metadata) => {
    const pattern = metadata.value("attention.sliding_window_pattern") ?? 6;
    if (typeof pattern !== "number") {
      metadata.refuse("gemma3.attention.sliding_window_pattern", pattern, "It must be a number.");
    }
    return {
      ...gemmaConfig(metadata, "gemma3_text"),
      query_pre_attn_scalar: scalar(metadata, 62),
      sliding_window: metadata.value("attention.sliding_window"),
      sliding_window_pattern: pattern,
      rope_theta: metadata.value("rope.freq_base") ?? 1_000_000,
      rope_local_base_freq: metadata.value("rope.freq_base_swa") ?? 10_000,
      final_logit_softcapping: metadata.value("final_logit_softcapping") ?? null,
    };
  },
  modules: () => gemmaNames({ ...sandwichNames, ...ggufQueryKeyNames }),
};
