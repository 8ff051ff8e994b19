/** DeepSeek V3 and R1 (`model_type: "deepseek_v3"`): latent attention, grouped sigmoid routing, a shared expert. */
import { z } from "zod";
import { always, onByDefault, size, unread, withDefault } from "../shared/config-json.js";
import { expertModules, stackedParameters } from "../shared/experts.js";
import { latentModules } from "../shared/latent-weights.js";
import { likeLlama } from "../shared/like-llama.js";
import { gatedNames, rotaryBuffers } from "../shared/names.js";
import { computed, count, factor, field, part, together, when } from "../shared/part.js";
import { type RopeFields, ropeFields, ropeParametersOf } from "../shared/rope-json.js";

const [still, turning] = [count("qk_nope_head_dim", 128), count("qk_rope_head_dim", 64)];
const [denseWidth, width] = [
  field("intermediate_size", size),
  count("moe_intermediate_size", 2048),
];
const natural = z.int().nonnegative();

const headDim = part(
  { ...still.shape, ...turning.shape },
  (config) => still.read(config, 0) + turning.read(config, 0),
);

const dense = part(
  { first_k_dense_replace: withDefault(natural, 3) },
  (config, layer) => layer < config.first_k_dense_replace,
);

/** The width of the expert that sees every token: several in one. */
const sharedWidth = part(
  { ...width.shape, n_shared_experts: withDefault(natural, 1) },
  (config) => width.read(config, 0) * config.n_shared_experts || undefined,
);

/** Yarn's growth of the attention scale, beside that of the rotated vectors. */
function scaleGrowth(fields: RopeFields): number {
  const parameters = ropeParametersOf(fields);
  if (parameters?.rope_type !== "yarn") return 1;
  const { factor: times, mscale_all_dim: weight } = parameters;
  return weight && times > 1 ? (0.1 * weight * Math.log(times) + 1) ** 2 : 1;
}

const shared = "layers.*.mlp.shared_experts";

export const deepseekV3 = likeLlama("deepseek_v3", {
  fields: {
    head_dim: size.nullish(), // that of what turns
    num_key_value_heads: size.nullish(), // as many as heads
    qk_head_dim: unread, // the sum of its two parts
    scoring_func: always("sigmoid"),
    topk_method: always("noaux_tc"),
    moe_layer_freq: always(1),
  },
  longest: count("max_position_embeddings", 4096),
  kvHeads: computed((config) => config.num_attention_heads),
  headDim,
  scale: computed((config) => headDim.read(config, 0) ** -0.5 * scaleGrowth(config)),
  rope: part({ ...ropeFields, rope_interleave: onByDefault }, (fields) => ({
    fields,
    headDim: turning.read(fields, 0),
    interleaved: fields.rope_interleave,
  })),
  latent: together({
    queryRank: part(
      { q_lora_rank: size.nullable().default(1536) },
      (c) => c.q_lora_rank ?? undefined,
    ),
    keyValueRank: count("kv_lora_rank", 512),
    rotaryDim: turning,
    valueDim: count("v_head_dim", 128),
    norm: { kind: "rms", epsilon: 1e-6, bias: false } as const, // whatever rms_norm_eps is
  }),
  mlpWidth: when(dense, denseWidth, width),
  experts: when(
    dense,
    undefined,
    together({
      count: count("n_routed_experts", 256),
      topK: count("num_experts_per_tok", 8),
      scoring: "sigmoid" as const,
      normalized: field("norm_topk_prob", onByDefault),
      scale: factor("routed_scaling_factor", 2.5),
      groups: together({ count: count("n_group", 8), chosen: count("topk_group", 4) }),
      correctionBias: true,
      sharedHidden: sharedWidth,
    }),
  ),
  names: ({ layers: [{ attention }] }) => ({
    ...latentModules(attention),
    ...gatedNames,
    ...expertModules,
    [`${shared}.gate_proj`]: "layers.*.mlp.sharedExpert.gateProj",
    [`${shared}.up_proj`]: "layers.*.mlp.sharedExpert.upProj",
    [`${shared}.down_proj`]: "layers.*.mlp.sharedExpert.downProj",
  }),
  parameters: {
    ...stackedParameters,
    "layers.*.mlp.gate.e_score_correction_bias": "layers.*.mlp.router.correction",
  },
  // The layer after the last predicts one more token, and takes no part in the logits.
  ignored: ({ layers }) => [
    ...rotaryBuffers,
    new RegExp(`^(model\\.)?layers\\.${layers.length}\\.`),
  ],
});
