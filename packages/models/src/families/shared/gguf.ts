/** The names and fields of GGUF that many architectures share. */
import { describeGgufRope, type GgufMetadata } from "../../checkpoint/gguf/gguf-metadata.js";
import type { WeightRule, WeightTable } from "../../checkpoint/table/weight-table.js";
import type { AttentionConfig } from "../../decoder/config/config.js";

/** Llama's modules. */
export const ggufNames = {
  token_embd: "embedTokens",
  "blk.*.attn_norm": "layers.*.inputNorm",
  "blk.*.attn_q": "layers.*.selfAttn.qProj",
  "blk.*.attn_k": "layers.*.selfAttn.kProj",
  "blk.*.attn_v": "layers.*.selfAttn.vProj",
  "blk.*.attn_output": "layers.*.selfAttn.oProj",
  "blk.*.ffn_norm": "layers.*.postAttentionNorm",
  "blk.*.ffn_gate": "layers.*.mlp.gateProj",
  "blk.*.ffn_up": "layers.*.mlp.upProj",
  "blk.*.ffn_down": "layers.*.mlp.downProj",
  output_norm: "finalNorm",
  output: "lmHead",
};

/** The sizes of a decoder with rotary positions. */
export function ggufSizes(metadata: GgufMetadata): Record<string, unknown> {
  return {
    model_type: metadata.architecture,
    vocab_size: metadata.shape("token_embd.weight")?.[0],
    hidden_size: metadata.value("embedding_length"),
    intermediate_size: metadata.value("feed_forward_length"),
    num_hidden_layers: metadata.value("block_count"),
    num_attention_heads: metadata.value("attention.head_count"),
    num_key_value_heads: metadata.value("attention.head_count_kv") ?? null, // as many as heads
    max_position_embeddings: metadata.value("context_length"),
    tie_word_embeddings: metadata.shape("output.weight") === undefined,
    ...describeGgufRope(metadata),
  };
}

/** The names of a mixture: a router, and the experts' projections one behind the other. */
export const ggufExpertNames: WeightTable["modules"] = {
  "blk.*.ffn_gate_inp": "layers.*.mlp.router",
  "blk.*.ffn_gate_exps": "layers.*.mlp.gateProj",
  "blk.*.ffn_up_exps": "layers.*.mlp.upProj",
  "blk.*.ffn_down_exps": "layers.*.mlp.downProj",
};

/** The numbers of experts, under the names of a config.json. */
export const ggufExperts = (metadata: GgufMetadata, count: string) => ({
  [count]: metadata.value("expert_count"),
  num_experts_per_tok: metadata.value("expert_used_count"),
});

/** The norms of queries and keys. */
export const ggufQueryKeyNames = {
  "blk.*.attn_q_norm": "layers.*.selfAttn.qNorm",
  "blk.*.attn_k_norm": "layers.*.selfAttn.kNorm",
};

/** Llama's fields; a window would be another computation. */
export function llamaLikeGguf(metadata: GgufMetadata): Record<string, unknown> {
  const window = metadata.value("attention.sliding_window") ?? 0;
  if (window !== 0) metadata.refuse(`${metadata.architecture}.attention.sliding_window`, window);
  return {
    ...ggufSizes(metadata),
    head_dim: metadata.value("attention.key_length"),
    rms_norm_eps: metadata.value("attention.layer_norm_rms_epsilon"),
  };
}

/** Llama's modules where pairs that turn together lie side by side. */
export const pairedNames = ({ heads, kvHeads }: AttentionConfig) => ({
  ...ggufNames,
  "blk.*.attn_q": paired("layers.*.selfAttn.qProj", heads),
  "blk.*.attn_k": paired("layers.*.selfAttn.kProj", kvHeads),
});

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
