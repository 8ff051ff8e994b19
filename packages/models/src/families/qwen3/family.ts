/** Qwen 3 (`model_type: "qwen3"`): Llama's layout with normalised queries and keys. */
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
import { optionalWindow, optionalWindowFields } from "../shared/windows.js";

const schema = z.object({
  ...sizeFields,
  head_dim: withDefault(size, 128),
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 32_768),
  rms_norm_eps: withDefault(z.number().positive(), 1e-6),
  attention_bias: withDefault(z.boolean(), false),
  ...optionalWindowFields,
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...ropeFields,
});

type Qwen3Config = z.output<typeof schema>;

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
    layers: repeatLayers(config.num_hidden_layers, (layer) => ({
      inputNorm: norm,
      attention: describeAttention(config, layer),
      postAttentionNorm: norm,
      mlp,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: Qwen3Config, layer: number): AttentionConfig {
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
      over: "head",
    },
    ...optionalWindow(config, layer),
  };
}

export const qwen3: Family = {
  modelType: "qwen3",
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
