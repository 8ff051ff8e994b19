/** Phi 3 and 4-mini (`model_type: "phi3"`): Llama's layout with fused projections, a window and longrope. */
import { z } from "zod";
import { stackedGateUp, stackedQkv } from "../../checkpoint/table/fused-weights.js";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, always, readConfig, size, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import {
  describeHeads,
  describeSizes,
  normModules,
  outerModules,
  repeatLayers,
  rotaryBuffers,
  sizeFields,
} from "../shared/layout.js";
import { describeRope, partialRopeFields } from "../shared/rope-json.js";
import { windowOf } from "../shared/windows.js";

const schema = z.object({
  ...sizeFields,
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 4096),
  rms_norm_eps: withDefault(z.number().positive(), 1e-5),
  sliding_window: size.nullish(),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...partialRopeFields,
  // As Phi 4-mini writes them; no other values are published.
  full_attn_mod: always(1),
  interpolate_factor: always(1),
  // Whatever the rope parameters say.
  original_max_position_embeddings: withDefault(size, 4096),
});

type Phi3Config = z.output<typeof schema>;

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

function describeAttention(config: Phi3Config, layer: number): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: false,
    outputBias: false,
    rope: describeRope(config, {
      headDim,
      maxPositions: config.max_position_embeddings,
    }),
    ...windowOf(config, layer),
  };
}

export const phi3: Family = {
  modelType: "phi3",
  describe,
  weights: ({ layers: [{ attention, mlp }] }) => ({
    optionalPrefix: "model.",
    modules: {
      ...outerModules,
      ...normModules,
      "layers.*.self_attn.qkv_proj": stackedQkv(attention),
      "layers.*.self_attn.o_proj": "layers.*.selfAttn.oProj",
      "layers.*.mlp.gate_up_proj": stackedGateUp(mlp.hidden),
      "layers.*.mlp.down_proj": "layers.*.mlp.downProj",
    },
    ignored: rotaryBuffers,
  }),
};
