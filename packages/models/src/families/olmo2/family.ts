/** OLMo 2 (`model_type: "olmo2"`): norms after both writes only, queries and keys normalised over their full width. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, withDefault } from "../shared/config-json.js";
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

const schema = z.object({
  ...sizeFields,
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 2048),
  rms_norm_eps: withDefault(z.number().positive(), 1e-5),
  attention_bias: withDefault(z.boolean(), false),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...ropeFields,
});

type Olmo2Config = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "rms", epsilon: config.rms_norm_eps, bias: false };
  const mlp = {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: true,
    bias: false,
  };
  return {
    ...describeSizes(config),
    layers: repeatLayers(config.num_hidden_layers, () => ({
      attention: { ...describeAttention(config), postNorm: norm },
      mlp: { ...mlp, postNorm: norm },
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: Olmo2Config): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(config, { headDim, maxPositions: config.max_position_embeddings }),
    queryKeyNorm: {
      norm: { kind: "rms", epsilon: config.rms_norm_eps, bias: false },
      over: "width",
    },
  };
}

export const olmo2: Family = {
  modelType: "olmo2",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      ...outerModules,
      ...attentionModules,
      "layers.*.self_attn.q_norm": "layers.*.selfAttn.qNorm",
      "layers.*.self_attn.k_norm": "layers.*.selfAttn.kNorm",
      "layers.*.post_attention_layernorm": "layers.*.selfAttn.postNorm",
      ...gatedModules,
      "layers.*.post_feedforward_layernorm": "layers.*.mlp.postNorm",
    },
    ignored: rotaryBuffers,
  },
};
