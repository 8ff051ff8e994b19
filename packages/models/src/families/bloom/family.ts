/** BLOOM (`model_type: "bloom"`): alibi in place of positions, normalised embeddings. */
import { z } from "zod";
import { groupedQkv } from "../../checkpoint/table/fused-weights.js";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { readConfig, size, unread, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import { describeHeads, repeatLayers } from "../shared/layout.js";
import { otherNames } from "../shared/other-names.js";

const schema = z.object({
  offset_alibi: unread,
  bias_dropout_fusion: unread,
  masked_softmax_fusion: unread,
  skip_bias_add: unread,
  skip_bias_add_qkv: unread,
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  layer_norm_epsilon: withDefault(z.number().positive(), 1e-5),
  apply_residual_connection_post_layernorm: withDefault(z.boolean(), false),
  // Leaves out biases.
  slow_but_exact: z.literal(false).nullish(),
  tie_word_embeddings: withDefault(z.boolean(), true),
});

type BloomConfig = z.output<typeof schema>;

const otherSpellings = {
  n_embed: "hidden_size",
  n_layer: "num_hidden_layers",
  n_head: "num_attention_heads",
};

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, otherNames(json, otherSpellings, file), file);
  const norm: NormConfig = { kind: "layer", epsilon: config.layer_norm_epsilon, bias: true };
  const mlp = {
    hidden: 4 * config.hidden_size,
    activation: "geluTanh" as const,
    gated: false,
    bias: true,
  };
  return {
    vocab: config.vocab_size,
    hidden: config.hidden_size,
    learnedPositions: false,
    embeddingNorm: norm,
    layers: repeatLayers(config.num_hidden_layers, () => ({
      inputNorm: norm,
      attention: describeAttention(config),
      postAttentionNorm: norm,
      mlp,
      ...(config.apply_residual_connection_post_layernorm && { addsToNormalized: true }),
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: BloomConfig): AttentionConfig {
  const heads = describeHeads(config);
  return {
    ...heads,
    scale: heads.headDim ** -0.5,
    qkvBias: true,
    outputBias: true,
    alibi: { factor: 1, rounded: false },
  };
}

export const bloom: Family = {
  modelType: "bloom",
  describe,
  weights: ({ layers: [{ attention }] }) => ({
    optionalPrefix: "transformer.",
    modules: {
      word_embeddings: "embedTokens",
      word_embeddings_layernorm: "embedNorm",
      "h.*.input_layernorm": "layers.*.inputNorm",
      "h.*.self_attention.query_key_value": groupedQkv(attention),
      "h.*.self_attention.dense": "layers.*.selfAttn.oProj",
      "h.*.post_attention_layernorm": "layers.*.postAttentionNorm",
      "h.*.mlp.dense_h_to_4h": "layers.*.mlp.upProj",
      "h.*.mlp.dense_4h_to_h": "layers.*.mlp.downProj",
      ln_f: "finalNorm",
      lm_head: "lmHead",
    },
    ignored: [],
  }),
};
