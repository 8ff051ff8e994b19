/** StableLM (`model_type: "stablelm"`): Llama's layout with LayerNorm and partly rotated heads; parallel in the 12B model. */
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
import { describeRope, partialRopeFields } from "../shared/rope-json.js";

const schema = z.object({
  ...sizeFields,
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 4096),
  layer_norm_eps: withDefault(z.number().positive(), 1e-5),
  use_qkv_bias: withDefault(z.boolean(), false),
  qk_layernorm: withDefault(z.boolean(), false),
  use_parallel_residual: withDefault(z.boolean(), false),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...partialRopeFields,
});

type StablelmConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "layer", epsilon: config.layer_norm_eps, bias: true };
  const mlp = {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: true,
    bias: false,
  };
  return {
    ...describeSizes(config),
    layers: repeatLayers(config.num_hidden_layers, () => ({
      inputNorm: norm,
      attention: describeAttention(config),
      ...(config.use_parallel_residual ? { parallel: true } : { postAttentionNorm: norm }),
      mlp,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: StablelmConfig): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.use_qkv_bias,
    outputBias: false,
    rope: describeRope(config, {
      headDim,
      maxPositions: config.max_position_embeddings,
      share: 0.25,
    }),
    ...(config.qk_layernorm && {
      queryKeyNorm: {
        norm: { kind: "layer", epsilon: config.layer_norm_eps, bias: false },
        over: "eachHead",
      },
    }),
  };
}

export const stablelm: Family = {
  modelType: "stablelm",
  describe,
  weights: {
    optionalPrefix: "model.",
    modules: {
      ...llamaModules,
      "layers.*.self_attn.q_layernorm.norms.*": "layers.*.selfAttn.qNorm",
      "layers.*.self_attn.k_layernorm.norms.*": "layers.*.selfAttn.kNorm",
    },
    ignored: rotaryBuffers,
  },
};
