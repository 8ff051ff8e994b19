/** Llama and everything published in its layout (`model_type: "llama"`): RMSNorm, rotary positions, gated MLP. */
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
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...ropeFields,
});

type LlamaConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "rms", epsilon: config.rms_norm_eps, bias: false };
  const mlp = {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: true,
    bias: config.mlp_bias,
  };
  return {
    ...describeSizes(config),
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

function describeAttention(config: LlamaConfig): AttentionConfig {
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

export const llama: Family = {
  modelType: "llama",
  describe,
  weights: { optionalPrefix: "model.", modules: llamaModules, ignored: rotaryBuffers },
};
