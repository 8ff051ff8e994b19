/** OLMoE (`model_type: "olmoe"`): many small experts, queries and keys normalised over their full width, then clipped. */
import { z } from "zod";
import type {
  AttentionConfig,
  DecoderConfig,
  MlpConfig,
  NormConfig,
} from "../../decoder/config/config.js";
import { activation, readConfig, size, withDefault } from "../shared/config-json.js";
import { expertModules, stackedParameters } from "../shared/experts.js";
import type { Family } from "../shared/family.js";
import {
  attentionModules,
  describeHeads,
  describeSizes,
  normModules,
  outerModules,
  repeatLayers,
  rotaryBuffers,
  sizeFields,
} from "../shared/layout.js";
import { describeRope, ropeFields } from "../shared/rope-json.js";

const schema = z.object({
  ...sizeFields,
  num_experts: withDefault(size, 64),
  num_experts_per_tok: withDefault(size, 8),
  norm_topk_prob: withDefault(z.boolean(), false),
  clip_qkv: z.number().positive().nullish(),
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 4096),
  rms_norm_eps: withDefault(z.number().positive(), 1e-5),
  attention_bias: withDefault(z.boolean(), false),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...ropeFields,
});

type OlmoeConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "rms", epsilon: config.rms_norm_eps, bias: false };
  return {
    ...describeSizes(config),
    layers: repeatLayers(config.num_hidden_layers, () => ({
      inputNorm: norm,
      attention: describeAttention(config, norm),
      postAttentionNorm: norm,
      mlp: describeMlp(config),
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: OlmoeConfig, norm: NormConfig): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(config, { headDim, maxPositions: config.max_position_embeddings }),
    queryKeyNorm: { norm, over: "width" },
    ...(config.clip_qkv && { clip: config.clip_qkv }),
  };
}

function describeMlp(config: OlmoeConfig): MlpConfig {
  return {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: true,
    bias: false,
    experts: {
      count: config.num_experts,
      topK: config.num_experts_per_tok,
      scoring: "softmax",
      normalized: config.norm_topk_prob,
    },
  };
}

export const olmoe: Family = {
  modelType: "olmoe",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      ...outerModules,
      ...normModules,
      ...attentionModules,
      "layers.*.self_attn.q_norm": "layers.*.selfAttn.qNorm",
      "layers.*.self_attn.k_norm": "layers.*.selfAttn.kNorm",
      ...expertModules,
    },
    parameters: stackedParameters,
    ignored: rotaryBuffers,
  },
};
