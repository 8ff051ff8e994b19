/** Mistral (`model_type: "mistral"`): Llama's layout with a sliding window. */
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
import { windowOf } from "../shared/windows.js";

const schema = z.object({
  ...sizeFields,
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 131_072),
  rms_norm_eps: withDefault(z.number().positive(), 1e-6),
  sliding_window: size.nullable().default(4096),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...ropeFields,
});

type MistralConfig = z.output<typeof schema>;

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

function describeAttention(config: MistralConfig, layer: number): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: false,
    outputBias: false,
    rope: describeRope(config, { headDim, maxPositions: config.max_position_embeddings }),
    ...windowOf(config, layer),
  };
}

export const mistral: Family = {
  modelType: "mistral",
  describe,
  weights: { optionalPrefix: "model.", modules: llamaModules, ignored: rotaryBuffers },
};
