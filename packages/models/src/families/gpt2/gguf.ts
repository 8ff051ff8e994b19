/** GPT-2 in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import type { GgufMetadata } from "../../checkpoint/gguf/gguf-metadata.js";
import { stackedQkv } from "../../checkpoint/table/fused-weights.js";
import { ggufNames } from "../shared/gguf.js";

export const gpt2Gguf: GgufArchitecture = {
  config: gpt2Config,
  modules: ({ layers: [{ attention }] }) => ({
    ...ggufNames,
    position_embd: "embedPositions",
    "blk.*.attn_qkv": stackedQkv(attention),
  }),
};

function gpt2Config(metadata: GgufMetadata): Record<string, unknown> {
  return {
    model_type: "gpt2",
    vocab_size: metadata.shape("token_embd.weight")?.[0],
    n_positions: metadata.value("context_length"),
    n_embd: metadata.value("embedding_length"),
    n_layer: metadata.value("block_count"),
    n_head: metadata.value("attention.head_count"),
    n_inner: metadata.value("feed_forward_length"),
    layer_norm_epsilon: metadata.value("attention.layer_norm_epsilon"),
    tie_word_embeddings: metadata.shape("output.weight") === undefined,
  };
}
