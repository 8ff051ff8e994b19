/** ERNIE 4.5 in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { ggufNames, llamaLikeGguf } from "../shared/gguf.js";

export const ernie45Gguf: GgufArchitecture = {
  config: (metadata) => ({
    ...llamaLikeGguf(metadata),
    use_bias: metadata.shape("blk.0.attn_q.bias") !== undefined,
  }),
  modules: () => ggufNames,
};
