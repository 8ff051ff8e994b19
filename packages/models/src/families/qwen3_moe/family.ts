/** Qwen 3 with experts (`model_type: "qwen3_moe"`): normalised queries and keys; some layers may stay dense. */
import { z } from "zod";
import type {
  AttentionConfig,
  DecoderConfig,
  MlpConfig,
  NormConfig,
} from "../../decoder/config/config.js";
import { activation, readConfig, size, unread, withDefault } from "../shared/config-json.js";
import { expertModules, stackedParameters } from "../shared/experts.js";
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
  max_window_layers: unread, // no layer has a window
  ...sizeFields,
  moe_intermediate_size: withDefault(size, 768),
  // Two names of one number.
  num_experts: size.nullish(),
  num_local_experts: size.nullish(),
  num_experts_per_tok: withDefault(size, 8),
  norm_topk_prob: withDefault(z.boolean(), false),
  decoder_sparse_step: withDefault(size, 1),
  mlp_only_layers: withDefault(z.array(z.int().nonnegative()), []),
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 32_768),
  rms_norm_eps: withDefault(z.number().positive(), 1e-6),
  attention_bias: withDefault(z.boolean(), false),
  use_sliding_window: withDefault(z.boolean(), false),
  sliding_window: size.nullish(),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...ropeFields,
});

type Qwen3MoeConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "rms", epsilon: config.rms_norm_eps, bias: false };
  return {
    ...describeSizes(config),
    layers: repeatLayers(config.num_hidden_layers, (layer) => ({
      inputNorm: norm,
      attention: describeAttention(config, norm),
      postAttentionNorm: norm,
      mlp: isSparse(config, layer) ? describeExperts(config) : describeMlp(config),
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function isSparse(config: Qwen3MoeConfig, layer: number): boolean {
  const { mlp_only_layers: dense, decoder_sparse_step: step } = config;
  return !dense.includes(layer) && (layer + 1) % step === 0;
}

function describeAttention(config: Qwen3MoeConfig, norm: NormConfig): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  const window = config.use_sliding_window ? config.sliding_window : undefined;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(config, { headDim, maxPositions: config.max_position_embeddings }),
    queryKeyNorm: { norm, over: "head" },
    ...(window && { window }), // in every layer
  };
}

function describeMlp(config: Qwen3MoeConfig): MlpConfig {
  return {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: true,
    bias: false,
  };
}

function describeExperts(config: Qwen3MoeConfig): MlpConfig {
  return {
    ...describeMlp(config),
    hidden: config.moe_intermediate_size,
    experts: {
      count: config.num_experts ?? config.num_local_experts ?? 128,
      topK: config.num_experts_per_tok,
      scoring: "softmax",
      normalized: config.norm_topk_prob,
    },
  };
}

export const qwen3Moe: Family = {
  modelType: "qwen3_moe",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      ...llamaModules,
      ...expertModules,
      "layers.*.self_attn.q_norm": "layers.*.selfAttn.qNorm",
      "layers.*.self_attn.k_norm": "layers.*.selfAttn.kNorm",
    },
    parameters: stackedParameters,
    ignored: rotaryBuffers,
  },
};
