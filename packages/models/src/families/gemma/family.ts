/** Gemma (`model_type: "gemma"`): Llama's layout with 1 + weight norms, scaled embeddings and wide heads. */
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
  // The first files said "gelu" and meant its approximation.
  hidden_act: activation
    .default("geluTanh")
    .transform((name) => (name === "gelu" ? "geluTanh" : name)),
  max_position_embeddings: withDefault(size, 8192),
  rms_norm_eps: withDefault(z.number().positive(), 1e-6),
  // What hidden_act says counts.
  hidden_activation: z.literal("gelu_pytorch_tanh").nullish(),
  head_dim: withDefault(size, 256),
  attention_bias: withDefault(z.boolean(), false),
  tie_word_embeddings: withDefault(z.boolean(), true),
  ...ropeFields,
});

type GemmaConfig = z.output<typeof schema>;

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
    activation: config.hidden_act,
    gated: true,
    bias: false,
  };
  return {
    ...describeSizes(config),
    embeddingScale: Math.sqrt(config.hidden_size),
    layers: repeatLayers(config.num_hidden_layers, () => ({
      inputNorm: norm,
      attention: describeAttention(config),
      postAttentionNorm: norm,
      mlp,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: GemmaConfig): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(config, { headDim, maxPositions: config.max_position_embeddings }),
  };
}

export const gemma: Family = {
  modelType: "gemma",
  describe,
  weights: { optionalPrefix: "model.", modules: llamaModules, ignored: rotaryBuffers },
};
