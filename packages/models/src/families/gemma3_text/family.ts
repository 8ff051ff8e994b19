/** Gemma 3, text only (`model_type: "gemma3_text"`): sandwich norms, normalised queries and keys, two rope bases. */
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
import { describeRope, type RopeFields, ropeFields } from "../shared/rope-json.js";
import { everyLayerBut, layerTypes, slides, windowOf } from "../shared/windows.js";

const schema = z.object({
  hidden_act: unread,
  _sliding_window_pattern: unread,
  ...sizeFields,
  hidden_activation: activation.default("geluTanh"),
  max_position_embeddings: withDefault(size, 131_072),
  rms_norm_eps: withDefault(z.number().positive(), 1e-6),
  head_dim: withDefault(size, 256),
  query_pre_attn_scalar: withDefault(z.number().positive(), 256),
  attention_bias: withDefault(z.boolean(), false),
  // transformers has the field and does not compute it.
  attn_logit_softcapping: z.null().optional(),
  final_logit_softcapping: z.number().positive().nullish(),
  sliding_window: size.nullable().default(4096),
  sliding_window_pattern: size.nullish(),
  layer_types: layerTypes,
  tie_word_embeddings: withDefault(z.boolean(), true),
  rope_theta: withDefault(z.number().positive(), 1_000_000),
  rope_local_base_freq: withDefault(z.number().positive(), 10_000),
  rope_scaling: ropeFields.rope_scaling,
  rope_parameters: z
    .strictObject({
      full_attention: ropeFields.rope_parameters,
      sliding_attention: ropeFields.rope_parameters,
    })
    .nullish(),
});

type Gemma3TextConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm = describeNorm(config);
  const mlp = {
    hidden: config.intermediate_size,
    activation: config.hidden_activation,
    gated: true,
    bias: false,
  };
  return {
    ...describeSizes({ ...config, rope_parameters: config.rope_parameters?.full_attention }),
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

function describeNorm(config: Gemma3TextConfig): NormConfig {
  return { kind: "rms", epsilon: config.rms_norm_eps, bias: false, unitOffset: true };
}

function describeAttention(config: Gemma3TextConfig, layer: number): AttentionConfig {
  const heads = describeHeads(config);
  const { max_position_embeddings: maxPositions } = config;
  const period = config.sliding_window_pattern ?? 6;
  const local = slides(config, layer, everyLayerBut(period));
  return {
    ...heads,
    scale: config.query_pre_attn_scalar ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(layerRope(config, local), { headDim: heads.headDim, maxPositions }),
    queryKeyNorm: { norm: describeNorm(config), over: "head" },
    ...windowOf(config, layer, () => local),
  };
}

/** Older files give two bases, and scaling for the layers without a window only; it may stand beside newer parameters. */
function layerRope(config: Gemma3TextConfig, local: boolean): RopeFields {
  const { rope_parameters: parameters, rope_scaling, rope_theta, rope_local_base_freq } = config;
  return local
    ? { rope_parameters: parameters?.sliding_attention, rope_theta: rope_local_base_freq }
    : {
        rope_parameters: parameters?.full_attention,
        rope_theta: parameters?.full_attention?.rope_theta ?? rope_theta,
        rope_scaling,
      };
}

export const gemma3Text: Family = {
  modelType: "gemma3_text",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      ...outerModules,
      ...attentionModules,
      ...gatedModules,
      "layers.*.self_attn.q_norm": "layers.*.selfAttn.qNorm",
      "layers.*.self_attn.k_norm": "layers.*.selfAttn.kNorm",
      "layers.*.input_layernorm": "layers.*.inputNorm",
      "layers.*.post_attention_layernorm": "layers.*.selfAttn.postNorm",
      "layers.*.pre_feedforward_layernorm": "layers.*.postAttentionNorm",
      "layers.*.post_feedforward_layernorm": "layers.*.mlp.postNorm",
    },
    ignored: rotaryBuffers,
  },
};
