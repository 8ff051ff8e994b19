/** GPT-NeoX and Pythia (`model_type: "gpt_neox"`): parallel attention and MLP behind a norm each, a quarter of each head rotated. */
import { z } from "zod";
import { groupedQkv } from "../../checkpoint/table/fused-weights.js";
import { unread, withDefault } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { rotaryBuffers } from "../shared/names.js";
import { layerNorm, normedReads } from "../shared/norms.js";
import { refuseContradiction } from "../shared/other-names.js";
import { computed, flag, nonlinearity, part, together } from "../shared/part.js";
import { partialRopeFields, ropeParametersOf } from "../shared/rope-json.js";

const rotationFields = {
  ...partialRopeFields,
  rotary_pct: withDefault(z.number().positive().max(1), 0.25),
  rotary_emb_base: withDefault(z.number().positive(), 10_000),
};

type RotationFields = z.output<z.ZodObject<typeof rotationFields>>;

/** Only `rope_parameters` and this family's own names count; it is an error if the common ones say something else. */
const refuseOtherNames = (config: RotationFields) => (file: string) => {
  const { rope_theta: base, partial_rotary_factor: share } = ropeParametersOf(config) ?? {};
  const refuse = (field: keyof RotationFields, other: string, expected: number) =>
    refuseContradiction(field, config[field], other, expected, file);
  refuse("rope_theta", "rotary_emb_base", base ?? config.rotary_emb_base);
  refuse("partial_rotary_factor", "rotary_pct", share ?? config.rotary_pct);
};

export const gptNeox = likeLlama("gpt_neox", {
  check: part(() => rotationFields, refuseOtherNames),
  fields: () => ({ num_key_value_heads: unread }), // as many as heads, whatever it says
  norm: layerNorm("layer_norm_eps"),
  kvHeads: computed((config) => config.num_attention_heads),
  block: together({ ...normedReads, parallel: flag("use_parallel_residual", true) }),
  attentionBias: flag("attention_bias", true),
  rope: part(
    () => rotationFields,
    (fields) => ({
      fields,
      share: fields.rotary_pct,
      base: fields.rotary_emb_base,
    }),
  ),
  activation: nonlinearity("hidden_act", "gelu"),
  gated: false,
  mlpBias: true,
  prefix: "gpt_neox.",
  names: ({ layers: [{ attention }] }) => ({
    embed_in: "embedTokens",
    "layers.*.attention.query_key_value": groupedQkv(attention),
    "layers.*.attention.dense": "layers.*.selfAttn.oProj",
    "layers.*.mlp.dense_h_to_4h": "layers.*.mlp.upProj",
    "layers.*.mlp.dense_4h_to_h": "layers.*.mlp.downProj",
    final_layer_norm: "finalNorm",
    embed_out: "lmHead",
  }),
  ignored: [/(^|\.)attention\.(masked_)?bias$/, ...rotaryBuffers],
});
