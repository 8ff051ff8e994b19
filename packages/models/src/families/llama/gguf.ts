/** Llama in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { llamaLikeGguf, pairedNames } from "../shared/gguf.js";

export const llamaGguf: GgufArchitecture = {
  config: (metadata) => ({
    ...llamaLikeGguf(metadata),
    attention_bias: metadata.shape("blk.0.attn_q.bias") !== undefined,
  }),
  modules: ({ layers: [{ attention }] }) => pairedNames(attention),
};
