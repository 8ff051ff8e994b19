/** SmolLM 3 (`model_type: "smollm3"`): Llama's layout with some layers that have no positions. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, unread, withDefault } from "../shared/config-json.js";
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
import { everyLayerBut, layerTypes, windowOf } from "../shared/windows.js";

const schema = z.object({
  max_window_layers: unread, // layer_types say it
  ...sizeFields,
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 32_768),
  rms_norm_eps: withDefault(z.number().positive(), 1e-6),
  attention_bias: withDefault(z.boolean(), false),
  mlp_bias: withDefault(z.boolean(), false),
  no_rope_layers: z.array(z.literal([0, 1])).nullish(),
  no_rope_layer_interval: withDefault(size, 4),
  use_sliding_window: withDefault(z.boolean(), false),
  sliding_window: size.nullish(),
  layer_types: layerTypes,
  tie_word_embeddings: withDefault(z.boolean(), true),
  ...ropeFields,
});

type Smollm3Config = z.output<typeof schema>;

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

function describeAttention(config: Smollm3Config, layer: number): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  const { max_position_embeddings: maxPositions, no_rope_layers: listed } = config;
  const rotated = listed
    ? listed[layer] === 1
    : everyLayerBut(config.no_rope_layer_interval)(layer);
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    ...(rotated && { rope: describeRope(config, { headDim, maxPositions, base: 2_000_000 }) }),
    ...windowOf(config, layer, () => config.use_sliding_window && !rotated),
  };
}

export const smollm3: Family = {
  modelType: "smollm3",
  describe,
  weights: { optionalPrefix: "model.", modules: llamaModules, ignored: rotaryBuffers },
};
