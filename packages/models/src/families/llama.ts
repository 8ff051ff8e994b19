/** Llama and everything published in its layout (`model_type: "llama"`): RMSNorm, rotary positions, gated MLP. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../decoder/config.js";
import { activation, readConfig, size, withDefault } from "./config-json.js";
import type { Family } from "./family.js";
import { describeRope, ropeFields } from "./rope-json.js";

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 2048),
  rms_norm_eps: withDefault(z.number().positive(), 1e-6),
  attention_bias: withDefault(z.boolean(), false),
  mlp_bias: withDefault(z.boolean(), false),
  tie_word_embeddings: withDefault(z.boolean(), false),
  partial_rotary_factor: z.literal(1).nullish(),
  ...ropeFields,
});

type LlamaConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "rms", epsilon: config.rms_norm_eps, bias: false };
  const layer = {
    inputNorm: norm,
    attention: describeAttention(config),
    postAttentionNorm: norm,
    mlp: {
      hidden: config.intermediate_size,
      activation: config.hidden_act,
      gated: true,
      bias: config.mlp_bias,
    },
  };
  return {
    vocab: config.vocab_size,
    hidden: config.hidden_size,
    maxPositions: config.max_position_embeddings,
    learnedPositions: false,
    layers: Array.from({ length: config.num_hidden_layers }, () => layer),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: LlamaConfig): AttentionConfig {
  const heads = config.num_attention_heads;
  const headDim = config.head_dim ?? Math.floor(config.hidden_size / heads);
  return {
    heads,
    kvHeads: config.num_key_value_heads ?? heads,
    headDim,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(config, headDim),
  };
}

export const llama: Family = {
  modelType: "llama",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      embed_tokens: "embedTokens",
      "layers.*.input_layernorm": "layers.*.inputNorm",
      "layers.*.self_attn.q_proj": "layers.*.selfAttn.qProj",
      "layers.*.self_attn.k_proj": "layers.*.selfAttn.kProj",
      "layers.*.self_attn.v_proj": "layers.*.selfAttn.vProj",
      "layers.*.self_attn.o_proj": "layers.*.selfAttn.oProj",
      "layers.*.post_attention_layernorm": "layers.*.postAttentionNorm",
      "layers.*.mlp.gate_proj": "layers.*.mlp.gateProj",
      "layers.*.mlp.up_proj": "layers.*.mlp.upProj",
      "layers.*.mlp.down_proj": "layers.*.mlp.downProj",
      norm: "finalNorm",
      lm_head: "lmHead",
    },
    ignored: [/(^|\.)rotary_emb\.inv_freq$/],
  },
};
