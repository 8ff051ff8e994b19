/** Gemma 2 in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { gemmaConfig, gemmaNames, sandwichNames, scalar } from "../shared/gemma-gguf.js";

export const gemma2Gguf: GgufArchitecture = {
  reads: ["attn_logit_softcapping", "final_logit_softcapping"],
  config: (metadata) => ({
    ...gemmaConfig(metadata, "gemma2"),
    query_pre_attn_scalar: scalar(metadata, 46),
    sliding_window: metadata.value("attention.sliding_window"),
    attn_logit_softcapping: metadata.value("attn_logit_softcapping"),
    final_logit_softcapping: metadata.value("final_logit_softcapping"),
  }),
  modules: () => gemmaNames(sandwichNames),
};
