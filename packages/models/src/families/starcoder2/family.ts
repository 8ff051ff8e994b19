/** StarCoder 2 (`model_type: "starcoder2"`): Llama's attention with LayerNorm, biases, a window and a plain MLP. */
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
import { windowOf } from "../shared/windows.js";

const schema = z.object({
  mlp_type: always("default"),
  norm_type: always("layer_norm"),
  activation_function: unread,
  layer_norm_epsilon: unread,
  scale_attn_weights: always(true),
  ...sizeFields,
  hidden_act: activation.default("geluTanh"),
  max_position_embeddings: withDefault(size, 4096),
  norm_epsilon: withDefault(z.number().positive(), 1e-5),
  sliding_window: size.nullish(),
  use_bias: withDefault(z.boolean(), true),
  tie_word_embeddings: withDefault(z.boolean(), true),
  ...ropeFields,
});

type Starcoder2Config = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "layer", epsilon: config.norm_epsilon, bias: true };
  const mlp = {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: false,
    bias: config.use_bias,
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

function describeAttention(config: Starcoder2Config, layer: number): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.use_bias,
    outputBias: config.use_bias,
    rope: describeRope(config, { headDim, maxPositions: config.max_position_embeddings }),
    ...windowOf(config, layer),
  };
}

export const starcoder2: Family = {
  modelType: "starcoder2",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      ...outerModules,
      ...normModules,
      ...attentionModules,
      "layers.*.mlp.c_fc": "layers.*.mlp.upProj",
      "layers.*.mlp.c_proj": "layers.*.mlp.downProj",
    },
    ignored: rotaryBuffers,
  },
};
