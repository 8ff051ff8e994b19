/** GLM-4 (`model_type: "glm4"`): norms before and after both writes, half of each head rotated in neighbouring pairs. */
import { z } from "zod";
import { stackedGateUp } from "../../checkpoint/table/fused-weights.js";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, withDefault } from "../shared/config-json.js";
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
import { describeRope, partialRopeFields } from "../shared/rope-json.js";

const schema = z.object({
  ...sizeFields,
  head_dim: withDefault(size, 128),
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 131_072),
  rms_norm_eps: withDefault(z.number().positive(), 1.5625e-7),
  attention_bias: withDefault(z.boolean(), true),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...partialRopeFields,
});

type Glm4Config = z.output<typeof schema>;

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
    layers: repeatLayers(config.num_hidden_layers, () => ({
      inputNorm: norm,
      attention: { ...describeAttention(config), postNorm: norm },
      postAttentionNorm: norm,
      mlp: { ...mlp, postNorm: norm },
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: Glm4Config): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: false,
    rope: describeRope(config, {
      headDim,
      maxPositions: config.max_position_embeddings,
      share: 0.5,
      interleaved: true,
    }),
  };
}

export const glm4: Family = {
  modelType: "glm4",
  describe,
  weights: ({ layers: [{ mlp }] }) => ({
    optionalPrefix: "model.",
    modules: {
      ...outerModules,
      ...normModules,
      ...attentionModules,
      "layers.*.post_self_attn_layernorm": "layers.*.selfAttn.postNorm",
      "layers.*.post_mlp_layernorm": "layers.*.mlp.postNorm",
      "layers.*.mlp.gate_up_proj": stackedGateUp(mlp.hidden),
      "layers.*.mlp.down_proj": "layers.*.mlp.downProj",
    },
    ignored: rotaryBuffers,
  }),
};
