/** DeepSeek V3 and R1 (`model_type: "deepseek_v3"`): latent attention, grouped sigmoid routing, a shared expert. */
import { z } from "zod";
import type {
  AttentionConfig,
  DecoderConfig,
  MlpConfig,
  NormConfig,
} from "../../decoder/config/config.js";
import {
  activation,
  onByDefault,
  readConfig,
  size,
  unread,
  withDefault,
} from "../shared/config-json.js";
import { expertModules, stackedParameters } from "../shared/experts.js";
import type { Family } from "../shared/family.js";
import { latentModules } from "../shared/latent-weights.js";
import {
  describeSizes,
  gatedModules,
  normModules,
  outerModules,
  repeatLayers,
  rotaryBuffers,
  sizeFields,
} from "../shared/layout.js";
import { describeRope, ropeFields, ropeParametersOf } from "../shared/rope-json.js";

const schema = z.object({
  qk_head_dim: unread, // the sum of its two parts
  ...sizeFields,
  q_lora_rank: size.nullable().default(1536),
  kv_lora_rank: withDefault(size, 512),
  qk_nope_head_dim: withDefault(size, 128),
  qk_rope_head_dim: withDefault(size, 64),
  v_head_dim: withDefault(size, 128),
  rope_interleave: onByDefault,
  attention_bias: withDefault(z.boolean(), false),
  moe_intermediate_size: withDefault(size, 2048),
  n_routed_experts: withDefault(size, 256),
  n_shared_experts: withDefault(z.int().nonnegative(), 1),
  num_experts_per_tok: withDefault(size, 8),
  n_group: withDefault(size, 8),
  topk_group: withDefault(size, 4),
  norm_topk_prob: onByDefault,
  routed_scaling_factor: withDefault(z.number().positive(), 2.5),
  scoring_func: z.literal("sigmoid").nullish(),
  topk_method: z.literal("noaux_tc").nullish(),
  moe_layer_freq: z.literal(1).nullish(),
  first_k_dense_replace: withDefault(z.int().nonnegative(), 3),
  hidden_act: activation.default("silu"),
  max_position_embeddings: withDefault(size, 4096),
  rms_norm_eps: withDefault(z.number().positive(), 1e-6),
  tie_word_embeddings: withDefault(z.boolean(), false),
  ...ropeFields,
});

type DeepseekConfig = z.output<typeof schema>;

function describe(json: unknown, file: string): DecoderConfig {
  const config = readConfig(schema, json, file);
  const norm: NormConfig = { kind: "rms", epsilon: config.rms_norm_eps, bias: false };
  return {
    ...describeSizes(config),
    layers: repeatLayers(config.num_hidden_layers, (layer) => ({
      inputNorm: norm,
      attention: describeAttention(config),
      postAttentionNorm: norm,
      mlp: layer < config.first_k_dense_replace ? describeMlp(config) : describeExperts(config),
    })),
    finalNorm: norm,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

function describeAttention(config: DeepseekConfig): AttentionConfig {
  const { num_attention_heads: heads, qk_rope_head_dim: rotaryDim, q_lora_rank: rank } = config;
  const headDim = config.qk_nope_head_dim + rotaryDim;
  return {
    heads,
    kvHeads: heads,
    headDim,
    scale: headDim ** -0.5 * scaleGrowth(config),
    qkvBias: config.attention_bias,
    outputBias: config.attention_bias,
    rope: describeRope(config, {
      headDim: rotaryDim,
      maxPositions: config.max_position_embeddings,
      interleaved: config.rope_interleave,
    }),
    latent: {
      ...(rank && { queryRank: rank }),
      keyValueRank: config.kv_lora_rank,
      rotaryDim,
      valueDim: config.v_head_dim,
      norm: { kind: "rms", epsilon: 1e-6, bias: false }, // whatever rms_norm_eps is
    },
  };
}

/** Yarn's growth of the attention scale, beside that of the rotated vectors. */
function scaleGrowth(config: DeepseekConfig): number {
  const parameters = ropeParametersOf(config);
  if (parameters?.rope_type !== "yarn") return 1;
  const { factor, mscale_all_dim: weight } = parameters;
  return weight && factor > 1 ? (0.1 * weight * Math.log(factor) + 1) ** 2 : 1;
}

function describeMlp(config: DeepseekConfig): MlpConfig {
  return {
    hidden: config.intermediate_size,
    activation: config.hidden_act,
    gated: true,
    bias: false,
  };
}

function describeExperts(config: DeepseekConfig): MlpConfig {
  const { moe_intermediate_size: hidden, n_shared_experts: shared } = config;
  return {
    ...describeMlp(config),
    hidden,
    experts: {
      count: config.n_routed_experts,
      topK: config.num_experts_per_tok,
      scoring: "sigmoid",
      normalized: config.norm_topk_prob,
      scale: config.routed_scaling_factor,
      groups: { count: config.n_group, chosen: config.topk_group },
      correctionBias: true,
      ...(shared > 0 && { sharedHidden: hidden * shared }),
    },
  };
}

const shared = "layers.*.mlp.shared_experts";

export const deepseekV3: Family = {
  modelType: "deepseek_v3",
  describe,
  weights: ({ layers }) => ({
    optionalPrefix: "model.",
    modules: {
      ...outerModules,
      ...normModules,
      ...latentModules(layers[0].attention),
      ...gatedModules,
      ...expertModules,
      [`${shared}.gate_proj`]: "layers.*.mlp.sharedExpert.gateProj",
      [`${shared}.up_proj`]: "layers.*.mlp.sharedExpert.upProj",
      [`${shared}.down_proj`]: "layers.*.mlp.sharedExpert.downProj",
    },
    parameters: {
      ...stackedParameters,
      "layers.*.mlp.gate.e_score_correction_bias": "layers.*.mlp.router.correction",
    },
    // The layer after the last predicts one more token, and takes no part in the logits.
    ignored: [...rotaryBuffers, new RegExp(`^(model\\.)?layers\\.${layers.length}\\.`)],
  }),
};
