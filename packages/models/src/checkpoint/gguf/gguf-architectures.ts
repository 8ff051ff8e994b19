/** The architectures of GGUF that can be read: their metadata as a config.json, and the names of their tensors. */
import type { DecoderConfig } from "../../decoder/config/config.js";
import { stackedGateUp, stackedQkv } from "../table/fused-weights.js";
import type { WeightRule, WeightTable } from "../table/weight-table.js";
import { describeGgufRope, type GgufMetadata } from "./gguf-metadata.js";

/** One architecture, which is a family of Hugging Face under other names. */
export interface GgufArchitecture {
  /** Writes the metadata as Hugging Face would. */
  config(metadata: GgufMetadata): Record<string, unknown>;
  /** Weight names; a second use of the family's own description, for heads and widths. */
  modules(config: DecoderConfig): WeightTable["modules"];
}

const outer = { token_embd: "embedTokens", output_norm: "finalNorm", output: "lmHead" };
const norms = {
  "blk.*.attn_norm": "layers.*.inputNorm",
  "blk.*.ffn_norm": "layers.*.postAttentionNorm",
};
const attention = {
  "blk.*.attn_q": "layers.*.selfAttn.qProj",
  "blk.*.attn_k": "layers.*.selfAttn.kProj",
  "blk.*.attn_v": "layers.*.selfAttn.vProj",
  "blk.*.attn_output": "layers.*.selfAttn.oProj",
};
const gated = {
  "blk.*.ffn_gate": "layers.*.mlp.gateProj",
  "blk.*.ffn_up": "layers.*.mlp.upProj",
  "blk.*.ffn_down": "layers.*.mlp.downProj",
};
const plain = {
  "blk.*.ffn_up": "layers.*.mlp.upProj",
  "blk.*.ffn_down": "layers.*.mlp.downProj",
};
const queryKeyNorms = {
  "blk.*.attn_q_norm": "layers.*.selfAttn.qNorm",
  "blk.*.attn_k_norm": "layers.*.selfAttn.kNorm",
};

function sizes(metadata: GgufMetadata): Record<string, unknown> {
  return {
    model_type: metadata.architecture,
    vocab_size: metadata.shape("token_embd.weight")?.[0],
    hidden_size: metadata.value("embedding_length"),
    intermediate_size: metadata.value("feed_forward_length"),
    num_hidden_layers: metadata.value("block_count"),
    num_attention_heads: metadata.value("attention.head_count"),
    num_key_value_heads: metadata.value("attention.head_count_kv"),
    max_position_embeddings: metadata.value("context_length"),
    tie_word_embeddings: metadata.shape("output.weight") === undefined,
    ...describeGgufRope(metadata),
  };
}

/** Llama's fields; a window would be another computation. */
function llamaLike(metadata: GgufMetadata): Record<string, unknown> {
  const window = metadata.value("attention.sliding_window") ?? 0;
  if (window !== 0) metadata.refuse(`${metadata.architecture}.attention.sliding_window`, window);
  return {
    ...sizes(metadata),
    head_dim: metadata.value("attention.key_length"),
    rms_norm_eps: metadata.value("attention.layer_norm_rms_epsilon"),
  };
}

/** By `general.architecture`. */
export const ggufArchitectures: Readonly<Record<string, GgufArchitecture>> = {
  llama: {
    config: (metadata) => ({
      ...llamaLike(metadata),
      attention_bias: metadata.shape("blk.0.attn_q.bias") !== undefined,
    }),
    modules: ({ layers: [{ attention: heads }] }) => ({
      ...outer,
      ...norms,
      ...attention,
      "blk.*.attn_q": paired("layers.*.selfAttn.qProj", heads.heads),
      "blk.*.attn_k": paired("layers.*.selfAttn.kProj", heads.kvHeads),
      ...gated,
    }),
  },
  qwen2: {
    config: llamaLike,
    modules: () => ({ ...outer, ...norms, ...attention, ...gated }),
  },
  qwen3: {
    config: llamaLike,
    modules: () => ({ ...outer, ...norms, ...attention, ...queryKeyNorms, ...gated }),
  },
  phi3: {
    config: phi3Config,
    modules: ({ layers: [{ attention: heads, mlp }] }) => ({
      ...outer,
      ...norms,
      "blk.*.attn_qkv": stackedQkv(heads),
      "blk.*.attn_output": "layers.*.selfAttn.oProj",
      "blk.*.ffn_up": stackedGateUp(mlp.hidden),
      "blk.*.ffn_down": "layers.*.mlp.downProj",
    }),
  },
  starcoder2: {
    config: (metadata) => ({
      ...sizes(metadata),
      norm_epsilon: metadata.value("attention.layer_norm_epsilon"),
      sliding_window: metadata.value("attention.sliding_window"),
    }),
    modules: () => ({ ...outer, ...norms, ...attention, ...plain }),
  },
  gpt2: {
    config: gpt2Config,
    modules: ({ layers: [{ attention: heads }] }) => ({
      ...outer,
      ...norms,
      position_embd: "embedPositions",
      "blk.*.attn_qkv": stackedQkv(heads),
      "blk.*.attn_output": "layers.*.selfAttn.oProj",
      ...plain,
    }),
  },
};

function phi3Config(metadata: GgufMetadata): Record<string, unknown> {
  const [hidden, heads] = ["embedding_length", "attention.head_count"].map((key) =>
    Number(metadata.value(key)),
  );
  const turning = metadata.value("rope.dimension_count");
  return {
    ...sizes(metadata),
    rms_norm_eps: metadata.value("attention.layer_norm_rms_epsilon"),
    sliding_window: metadata.value("attention.sliding_window") || undefined,
    ...(turning !== undefined && { partial_rotary_factor: (Number(turning) * heads) / hidden }),
  };
}

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
