/** Gemma 2 (`model_type: "gemma2"`): norms before and after both writes, soft caps, a window in every other layer. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, unread, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import {
  attentionModules,
  describeHeads,
  describeSizes,
  gatedModules,
  outerModules,
  repeatLayers,
  rotaryBuffers,
  sizeFields,
} from "../shared/layout.js";
import { describeRope, ropeFields } from "../shared/rope-json.js";
import { everyLayerBut, layerTypes, windowOf } from "../shared/windows.js";

const schema = z.object({
  hidden_act: unread,
  ...sizeFields,
  hidden_activation: activation.default("geluTanh"),
  max_position_embeddings: withDefault(size, 8192),
  rms_norm_eps: withDefault(z.number().positive(), 1e-6),
  head_dim: withDefault(size, 256),
  query_pre_attn_scalar: withDefault(z.number().positive(), 256),
  attention_bias: withDefault(z.boolean(), false),
  attn_logit_softcapping: z.number().positive().nullable().default(50),
  final_logit_softcapping: z.number().positive().nullable().default(30),
  sliding_window: size.nullable().default(4096),
  layer_types: layerTypes,
  tie_word_embeddings: withDefault(z.boolean(), true),
  ...ropeFields,
});

type Gemma2Config = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = {
    kind: "rms",
    epsilon: config.rms_norm_eps,
    bias: false,
    unitOffset: true,
  };
  const mlp = {
    hidden: config.intermediate_size,
    activation: config.hidden_activation,
    gated: true,
    bias: false,
  };
  return {
    ...describeSizes(config),
    embeddingScale: Math.sqrt(config.hidden_size),
    layers: repeatLayers(config.num_hidden_layers, (layer) => ({
      inputNorm: norm,
      attention: { ...describeAttention(config, layer), postNorm: norm },
      postAttentionNorm: norm,
      mlp: { ...mlp, postNorm: norm },
    })),
    finalNorm: norm,
    head: {
      tied: config.tie_word_embeddings,
      bias: false,
      softCap: config.final_logit_softcapping ?? undefined,
    },
  };
}

function describeAttention(config: Gemma2Config, layer: number): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: config.query_pre_attn_scalar ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(config, { headDim, maxPositions: config.max_position_embeddings }),
    ...windowOf(config, layer, everyLayerBut(2)),
    softCap: config.attn_logit_softcapping ?? undefined,
  };
}

export const gemma2: Family = {
  modelType: "gemma2",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      ...outerModules,
      ...attentionModules,
      ...gatedModules,
      "layers.*.input_layernorm": "layers.*.inputNorm",
      "layers.*.post_attention_layernorm": "layers.*.selfAttn.postNorm",
      "layers.*.pre_feedforward_layernorm": "layers.*.postAttentionNorm",
      "layers.*.post_feedforward_layernorm": "layers.*.mlp.postNorm",
    },
    ignored: rotaryBuffers,
  },
};
