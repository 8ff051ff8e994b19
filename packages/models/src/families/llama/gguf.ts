/** Llama in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import type { WeightRule } from "../../checkpoint/table/weight-table.js";
import { ggufNames, llamaLikeGguf } from "../shared/gguf.js";

export const llamaGguf: GgufArchitecture = {
  config: (metadata) => ({
    ...llamaLikeGguf(metadata),
    attention_bias: metadata.shape("blk.0.attn_q.bias") !== undefined,
  }),
  modules: ({ layers: [{ attention }] }) => ({
    ...ggufNames,
    "blk.*.attn_q": paired("layers.*.selfAttn.qProj", attention.heads),
    "blk.*.attn_k": paired("layers.*.selfAttn.kProj", attention.kvHeads),
  }),
};

/** GGUF has the rows of a llama's head as pairs that turn together; here, as at Hugging Face, a pair is half a head apart. */
function paired(into: string, heads: number): WeightRule {
  return {
    into: [into],
    transform: (tensor) => {
      const { shape } = tensor;
      const pairs = tensor.reshape([heads, shape[0] / heads / 2, 2, -1]);
      return [pairs.swapaxes(1, 2).reshape(shape)];
    },
  };
}
