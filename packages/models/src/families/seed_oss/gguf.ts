/** Seed-OSS in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { ggufNames, llamaLikeGguf } from "../shared/gguf.js";

const { "blk.*.ffn_norm": _, ...names } = ggufNames;

export const seedOssGguf: GgufArchitecture = {
  config: (metadata) => ({
    ...llamaLikeGguf(metadata),
    attention_bias: metadata.shape("blk.0.attn_q.bias") !== undefined,
    attention_out_bias: metadata.shape("blk.0.attn_output.bias") !== undefined,
  }),
  modules: () => ({ ...names, "blk.*.post_attention_norm": "layers.*.postAttentionNorm" }),
};
