/** GPT-NeoX and Pythia (`model_type: "gpt_neox"`): parallel attention and MLP behind a norm each, a quarter of each head rotated. */
import { z } from "zod";
import { groupedQkv } from "../../checkpoint/table/fused-weights.js";
import type { AttentionConfig, DecoderConfig, NormConfig } from "../../decoder/config/config.js";
import { activation, readConfig, size, withDefault } from "../shared/config-json.js";
import type { Family } from "../shared/family.js";
import {
  describeHeads,
  describeSizes,
  repeatLayers,
  rotaryBuffers,
  sizeFields,
} from "../shared/layout.js";
import { refuseContradiction } from "../shared/other-names.js";
import { describeRope, partialRopeFields, ropeParametersOf } from "../shared/rope-json.js";

const schema = z.object({
  ...sizeFields,
  hidden_act: activation.default("gelu"),
  max_position_embeddings: withDefault(size, 2048),
  layer_norm_eps: withDefault(z.number().positive(), 1e-5),
  attention_bias: withDefault(z.boolean(), true),
  use_parallel_residual: withDefault(z.boolean(), true),
  rotary_pct: withDefault(z.number().positive().max(1), 0.25),
  rotary_emb_base: withDefault(z.number().positive(), 10_000),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...partialRopeFields,
});

type GptNeoxConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  refuseOtherNames(config, file);
  const norm: NormConfig = { kind: "layer", epsilon: config.layer_norm_eps, bias: true };
  const mlp = {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: false,
    bias: true,
  };
  return {
    ...describeSizes(config),
    layers: repeatLayers(config.num_hidden_layers, () => ({
      inputNorm: norm,
      attention: describeAttention(config),
      postAttentionNorm: norm,
      mlp,
      parallel: config.use_parallel_residual,
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

/** Only `rope_parameters` and this family's own names count; it is an error if the common ones say something else. */
function refuseOtherNames(config: GptNeoxConfig, file: string): void {
  const parameters = ropeParametersOf(config);
  const refuse = (field: keyof GptNeoxConfig, other: string, expected: number) =>
    refuseContradiction(field, config[field], other, expected, file);
  refuse("rope_theta", "rotary_emb_base", parameters?.rope_theta ?? config.rotary_emb_base);
  refuse(
    "partial_rotary_factor",
    "rotary_pct",
    parameters?.partial_rotary_factor ?? config.rotary_pct,
  );
}

function describeAttention(config: GptNeoxConfig): AttentionConfig {
  const heads = describeHeads(config);
  const { headDim } = heads;
  return {
    ...heads,
    scale: headDim ** -0.5,
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(config, {
      headDim,
      maxPositions: config.max_position_embeddings,
      share: config.rotary_pct,
      base: config.rotary_emb_base,
    }),
  };
}

export const gptNeox: Family = {
  modelType: "gpt_neox",
  describe,
  weights: ({ layers: [{ attention }] }) => ({
    optionalPrefix: "gpt_neox.",
    modules: {
      embed_in: "embedTokens",
      "layers.*.input_layernorm": "layers.*.inputNorm",
      "layers.*.attention.query_key_value": groupedQkv(attention),
      "layers.*.attention.dense": "layers.*.selfAttn.oProj",
      "layers.*.post_attention_layernorm": "layers.*.postAttentionNorm",
      "layers.*.mlp.dense_h_to_4h": "layers.*.mlp.upProj",
      "layers.*.mlp.dense_4h_to_h": "layers.*.mlp.downProj",
      final_layer_norm: "finalNorm",
      embed_out: "lmHead",
    },
    ignored: [/(^|\.)attention\.(masked_)?bias$/, ...rotaryBuffers],
  }),
};
