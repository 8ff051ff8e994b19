/** Qwen 3 in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { ggufNames, llamaLikeGguf } from "../shared/gguf.js";

export const qwen3Gguf: GgufArchitecture = {
  config: llamaLikeGguf,
  modules: () => ({
    ...ggufNames,
    "blk.*.attn_q_norm": "layers.*.selfAttn.qNorm",
    "blk.*.attn_k_norm": "layers.*.selfAttn.kNorm",
  }),
};
