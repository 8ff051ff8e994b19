/** Granite 3 (`model_type: "granite"`): Llama's layout with multipliers on embeddings, scores, writes and logits. */
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
  max_position_embeddings: withDefault(size, 2048),
  rms_norm_eps: withDefault(z.number().positive(), 1e-6),
  attention_bias: withDefault(z.boolean(), false),
  mlp_bias: withDefault(z.boolean(), false),
  attention_multiplier: withDefault(z.number().positive(), 1),
  embedding_multiplier: withDefault(z.number().positive(), 1),
  residual_multiplier: withDefault(z.number().positive(), 1),
  logits_scaling: withDefault(z.number().positive(), 1),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...ropeFields,
});

type GraniteConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "rms", epsilon: config.rms_norm_eps, bias: false };
  const mlp = {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: true,
    bias: config.mlp_bias,
    outputScale: config.residual_multiplier,
  };
  return {
    ...describeSizes(config),
    embeddingScale: config.embedding_multiplier,
    layers: repeatLayers(config.num_hidden_layers, () => ({
      inputNorm: norm,
      attention: describeAttention(config),
      postAttentionNorm: norm,
      mlp,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false, scale: 1 / config.logits_scaling },
  };
}

function describeAttention(config: GraniteConfig): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: config.attention_multiplier,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(config, { headDim, maxPositions: config.max_position_embeddings }),
    outputScale: config.residual_multiplier,
  };
}

export const granite: Family = {
  modelType: "granite",
  describe,
  weights: { optionalPrefix: "model.", modules: llamaModules, ignored: rotaryBuffers },
};
