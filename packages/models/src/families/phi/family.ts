/** Phi 1, 1.5 and 2 (`model_type: "phi"`): attention and MLP in parallel behind one LayerNorm, biases everywhere. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import {
  attentionModules,
  describeHeads,
  describeSizes,
  repeatLayers,
  rotaryBuffers,
  sizeFields,
} from "../shared/layout.js";
import { describeRope, partialRopeFields } from "../shared/rope-json.js";

const schema = z.object({
  ...sizeFields,
  hidden_act: activation.default("geluTanh"),
  max_position_embeddings: withDefault(size, 2048),
  layer_norm_eps: withDefault(z.number().positive(), 1e-5),
  qk_layernorm: withDefault(z.boolean(), false),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...partialRopeFields,
});

type PhiConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "layer", epsilon: config.layer_norm_eps, bias: true };
  const mlp = {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: false,
    bias: true,
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
    head: { tied: config.tie_word_embeddings, bias: true },
  };
}

function describeAttention(config: PhiConfig): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: true,
    outputBias: true,
    rope: describeRope(config, {
      headDim,
      maxPositions: config.max_position_embeddings,
      share: 0.5,
    }),
    ...(config.qk_layernorm && {
      queryKeyNorm: {
        norm: { kind: "layer", epsilon: config.layer_norm_eps, bias: true },
        over: "head",
      },
    }),
  };
}

export const phi: Family = {
  modelType: "phi",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      embed_tokens: "embedTokens",
      "layers.*.input_layernorm": "layers.*.inputNorm",
      ...attentionModules,
      "layers.*.self_attn.dense": "layers.*.selfAttn.oProj",
      "layers.*.self_attn.q_layernorm": "layers.*.selfAttn.qNorm",
      "layers.*.self_attn.k_layernorm": "layers.*.selfAttn.kNorm",
      "layers.*.mlp.fc1": "layers.*.mlp.upProj",
      "layers.*.mlp.fc2": "layers.*.mlp.downProj",
      final_layernorm: "finalNorm",
      lm_head: "lmHead",
    },
    ignored: rotaryBuffers,
  },
};
