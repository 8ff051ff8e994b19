/** Command R (`model_type: "cohere"`): attention and MLP in parallel behind one LayerNorm, neighbouring pairs rotated. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import {
  describeHeads,
  describeSizes,
  llamaModules,
  repeatLayers,
  rotaryBuffers,
  sizeFields,
} from "../shared/layout.js";
import { describeRope, ropeFields } from "../shared/rope-json.js";

const schema = z.object({
  ...sizeFields,
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 8192),
  layer_norm_eps: withDefault(z.number().positive(), 1e-5),
  attention_bias: withDefault(z.boolean(), false),
  use_qk_norm: withDefault(z.boolean(), false),
  logit_scale: withDefault(z.number().positive(), 0.0625),
  tie_word_embeddings: withDefault(z.boolean(), true),
  ...ropeFields,
});

type CohereConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "layer", epsilon: config.layer_norm_eps, bias: false };
  const mlp = {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: true,
    bias: false,
  };
  return {
    ...describeSizes(config),
    layers: repeatLayers(config.num_hidden_layers, () => ({
      inputNorm: norm,
      attention: describeAttention(config),
      mlp,
      parallel: true,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false, scale: config.logit_scale },
  };
}

function describeAttention(config: CohereConfig): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(config, {
      headDim,
      maxPositions: config.max_position_embeddings,
      interleaved: true,
      base: 500_000,
    }),
    ...(config.use_qk_norm && {
      queryKeyNorm: {
        norm: { kind: "layer", epsilon: config.layer_norm_eps, bias: false },
        over: "eachHead",
      },
    }),
  };
}

export const cohere: Family = {
  modelType: "cohere",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      ...llamaModules,
      "layers.*.self_attn.q_norm": "layers.*.selfAttn.qNorm",
      "layers.*.self_attn.k_norm": "layers.*.selfAttn.kNorm",
    },
    ignored: rotaryBuffers,
  },
};
