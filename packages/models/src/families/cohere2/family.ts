/** Command R7B (`model_type: "cohere2"`): Command R with windowed, rotated layers and full layers without positions. */
import { z } from "zod";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import {
  activation,
  always,
  readConfig,
  size,
  unread,
  withDefault,
} from "../shared/config-json.js";
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
  layer_switch: unread,
  _sliding_window_pattern: unread,
  order_of_interleaved_layers: always("local_attn_first"),
  position_embedding_type: always("rope_gptj"),
  use_embedding_sharing: always(true),
  use_gated_activation: always(true),
  use_parallel_block: always(true),
  use_parallel_embedding: unread,
  ...sizeFields,
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 8192),
  layer_norm_eps: withDefault(z.number().positive(), 1e-5),
  attention_bias: withDefault(z.boolean(), false),
  logit_scale: withDefault(z.number().positive(), 0.0625),
  sliding_window: size.nullable().default(4096),
  sliding_window_pattern: withDefault(size, 4),
  layer_types: layerTypes,
  rotary_pct: z.literal(1).nullish(),
  tie_word_embeddings: withDefault(z.boolean(), true),
  ...ropeFields,
});

type Cohere2Config = z.output<typeof schema>;

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
    layers: repeatLayers(config.num_hidden_layers, (layer) => ({
      inputNorm: norm,
      attention: describeAttention(config, layer),
      mlp,
      parallel: true,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false, scale: config.logit_scale },
  };
}

function describeAttention(config: Cohere2Config, layer: number): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  const { max_position_embeddings: maxPositions, sliding_window_pattern: period } = config;
  const windowed = windowOf(config, layer, everyLayerBut(period));
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    ...(windowed.window && {
      rope: describeRope(config, { headDim, maxPositions, interleaved: true }),
    }),
    ...windowed,
  };
}

export const cohere2: Family = {
  modelType: "cohere2",
  describe,
  weights: { optionalPrefix: "model.", modules: llamaModules, ignored: rotaryBuffers },
};
