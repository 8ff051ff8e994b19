/** Hunyuan (`model_type: "hunyuan_v1_dense"`): Llama's layout with queries and keys normalised once they are turned. */
import { z } from "zod";
import { always, unread } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { part, readGiven, together } from "../shared/part.js";
import { llamaParts } from "../shared/plain-parts.js";
import { type RopeFields, ropeFields } from "../shared/rope-json.js";

/** A base that grows by this much once and for all, although it is called dynamic. */
const grown = z.strictObject({
  type: always("dynamic"),
  rope_type: always("dynamic"),
  alpha: z.number().positive(),
  factor: z.literal(1),
  rope_theta: z.number().positive().nullish(),
  ...{ beta_fast: unread, beta_slow: unread, mscale: unread, mscale_all_dim: unread },
});

const rotationFields = {
  ...ropeFields,
  rope_scaling: z.union([grown, ropeFields.rope_scaling]),
  rope_parameters: z.union([grown, ropeFields.rope_parameters]),
};

type Fields = z.output<z.ZodObject<typeof rotationFields>>;

function ropeOf(config: Fields, headDim: number): RopeFields {
  const { rope_scaling, rope_parameters, ...fields } = config;
  const parameters = rope_scaling ?? rope_parameters;
  if (!parameters || !("alpha" in parameters)) return { ...fields, rope_parameters: parameters };
  const base = parameters.rope_theta ?? fields.rope_theta ?? 10_000;
  return { ...fields, rope_theta: base * parameters.alpha ** (headDim / (headDim - 2)) };
}

export const hunyuanV1Dense = likeLlama("hunyuan_v1_dense", {
  fields: () => ({
    ...{ eod_token_id: unread, pad_id: unread, mask_init_id: unread, org_vocab_size: unread },
    ...{ im_start_id: unread, im_end_id: unread, im_newline_id: unread },
    ...{ text_start_id: unread, text_end_id: unread },
    ...{ class_num: unread, dense_list: unread, pool_type: unread }, // of other heads
    ...{ cla_share_factor: unread, attention_head_dim: unread, enable_lm_head_fp32: unread },
    norm_type: always("rms"),
    use_qk_norm: always(true),
    use_rotary_pos_emb: always(true),
  }),
  norm: rmsNorm(1e-5),
  rope: part(
    () => rotationFields,
    (config) => ({
      fields: ropeOf(config, readGiven(llamaParts.headDim, config, 0)),
    }),
  ),
  queryKeyNorm: together({
    norm: rmsNorm(1e-5),
    over: "head" as const,
    afterRotation: true,
  }),
  names: {
    "layers.*.self_attn.query_layernorm": "layers.*.selfAttn.qNorm",
    "layers.*.self_attn.key_layernorm": "layers.*.selfAttn.kNorm",
  },
});
