/** Llama in GGUF files, and Mixtral, which they call so too. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { mixtralGguf } from "../mixtral/gguf.js";
import { llamaLikeGguf, pairedNames } from "../shared/gguf.js";

export const llamaGguf: GgufArchitecture = {
  reads: mixtralGguf.reads,
  config: (metadata) =>
    metadata.value("expert_count")
      ? mixtralGguf.config(metadata)
      : {
          ...llamaLikeGguf(metadata),
          attention_bias: metadata.shape("blk.0.attn_q.bias") !== undefined,
        },
  modules: (config) => {
    const [{ attention, mlp }] = config.layers;
    return mlp.experts ? mixtralGguf.modules(config) : pairedNames(attention);
  },
};
