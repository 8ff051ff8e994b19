/** Falcon (`model_type: "falcon"`): multi-query or grouped attention, parallel to the MLP or before it, rotary positions or alibi. */
import { z } from "zod";
import { groupedQkv } from "../../checkpoint/table/fused-weights.js";
import type {
  AttentionConfig,
  DecoderConfig,
  LayerConfig,
  NormConfig,
} from "../../decoder/config/config.js";
import { activation, onByDefault, readConfig, size, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import { describeHeads, repeatLayers, rotaryBuffers } from "../shared/layout.js";
import { otherNames } from "../shared/other-names.js";
import { describeRope, longestSequence, ropeFields } from "../shared/rope-json.js";

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_kv_heads: size.nullish(),
  ffn_hidden_size: size.nullish(),
  activation: activation.default("gelu"),
  max_position_embeddings: withDefault(size, 2048),
  layer_norm_epsilon: withDefault(z.number().positive(), 1e-5),
  alibi: withDefault(z.boolean(), false),
  bias: withDefault(z.boolean(), false),
  multi_query: onByDefault,
  parallel_attn: onByDefault,
  new_decoder_architecture: withDefault(z.boolean(), false),
  num_ln_in_parallel_attn: z.literal([1, 2]).nullish(),
  tie_word_embeddings: withDefault(z.boolean(), true),
  ...ropeFields,
});

type FalconConfig = z.output<typeof schema>;

const olderNames = {
  n_head_kv: "num_kv_heads",
  n_embed: "hidden_size",
  n_layer: "num_hidden_layers",
  n_head: "num_attention_heads",
};

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, otherNames(json, olderNames, file), file);
  return {
    vocab: config.vocab_size,
    hidden: config.hidden_size,
    ...(!config.alibi && { maxPositions: longestSequence(config) }),
    learnedPositions: false,
    layers: repeatLayers(config.num_hidden_layers, () => describeLayer(config)),
    finalNorm: describeNorm(config),
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeNorm(config: FalconConfig): NormConfig {
  return { kind: "layer", epsilon: config.layer_norm_epsilon, bias: true };
}

function describeLayer(config: FalconConfig): LayerConfig {
  const norm = describeNorm(config);
  const newer = config.new_decoder_architecture;
  const parallel = newer || config.parallel_attn;
  const twoNorms = newer ? (config.num_ln_in_parallel_attn ?? 2) === 2 : !parallel;
  return {
    inputNorm: norm,
    attention: describeAttention(config),
    ...(twoNorms && { postAttentionNorm: norm }),
    mlp: {
      hidden: config.ffn_hidden_size ?? 4 * config.hidden_size,
      activation: config.activation,
      gated: false,
      bias: config.bias,
    },
    parallel,
  };
}

function describeAttention(config: FalconConfig): AttentionConfig {
  const shared = config.multi_query && !config.new_decoder_architecture;
  const heads = describeHeads({ ...config, num_key_value_heads: shared ? 1 : config.num_kv_heads });
  const { headDim } = heads;
  const scale = headDim ** -0.5;
  return {
    ...heads,
    scale,
    qkvBias: config.bias,
    outputBias: config.bias,
    ...(config.alibi
      ? { alibi: { factor: scale, rounded: true } }
      : { rope: describeRope(config, { headDim, maxPositions: config.max_position_embeddings }) }),
  };
}

export const falcon: Family = {
  modelType: "falcon",
  describe,
  weights: ({ layers: [{ attention }] }) => ({
    optionalPrefix: "transformer.",
    modules: {
      word_embeddings: "embedTokens",
      "h.*.input_layernorm": "layers.*.inputNorm",
      "h.*.ln_attn": "layers.*.inputNorm",
      "h.*.self_attention.query_key_value": groupedQkv(attention),
      "h.*.self_attention.dense": "layers.*.selfAttn.oProj",
      "h.*.post_attention_layernorm": "layers.*.postAttentionNorm",
      "h.*.ln_mlp": "layers.*.postAttentionNorm",
      "h.*.mlp.dense_h_to_4h": "layers.*.mlp.upProj",
      "h.*.mlp.dense_4h_to_h": "layers.*.mlp.downProj",
      ln_f: "finalNorm",
      lm_head: "lmHead",
    },
    ignored: rotaryBuffers,
  }),
};
