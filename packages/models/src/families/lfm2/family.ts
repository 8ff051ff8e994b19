/** LFM2 (`model_type: "lfm2"`): most layers have a gated short convolution in the place of attention. */
import { z } from "zod";
import { onByDefault, size, unread, withDefault } from "../shared/config-json.js";
import { likeHybridLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { count, part, when } from "../shared/part.js";
import { storedConvolution } from "../shared/recurrent.js";
import { rotary } from "../shared/rope-parts.js";

const attends = part(
  () => ({
    layer_types: z.array(z.enum(["full_attention", "conv"])).nullish(),
    full_attn_idxs: z.array(z.int().nonnegative()).nullish(),
  }),
  ({ layer_types: types, full_attn_idxs: listed }, layer) =>
    types ? types[layer] === "full_attention" : (listed?.includes(layer) ?? true),
);

/** Two thirds of what the file says, made a multiple, unless it says that this was done. */
const mlpWidth = part(
  () => ({
    intermediate_size: size.nullish(),
    block_ff_dim: size.nullish(),
    block_auto_adjust_ff_dim: onByDefault,
    block_ffn_dim_multiplier: z.number().positive().nullable().default(1),
    block_multiple_of: withDefault(size, 256),
  }),
  ({ block_ff_dim, intermediate_size, block_auto_adjust_ff_dim: adjust, ...config }) => {
    const given = block_ff_dim ?? intermediate_size ?? 12_288;
    if (!adjust) return given;
    const share = Math.trunc((config.block_ffn_dim_multiplier ?? 1) * Math.trunc((2 * given) / 3));
    return config.block_multiple_of * Math.ceil(share / config.block_multiple_of);
  },
);

const convolution = part(
  () => ({ conv_L_cache: withDefault(size, 3), conv_bias: withDefault(z.boolean(), false) }),
  ({ conv_L_cache: kernel, conv_bias: bias }) =>
    ({ kind: "shortConvolution", kernel, projectionBias: bias, convolutionBias: bias }) as const,
);

const tied = part(
  () => ({ tie_word_embeddings: onByDefault, tie_embedding: z.boolean().nullish() }),
  ({ tie_embedding: older, tie_word_embeddings: plain }) => older ?? plain,
);

export const lfm2 = likeHybridLlama("lfm2", {
  fields: () => ({
    ...{ block_dim: unread, block_norm_eps: unread, conv_dim: unread, conv_dim_out: unread },
    ...{ num_heads: unread, use_pos_enc: unread, block_use_swiglu: unread },
    // of weights before training
    ...{ block_mlp_init_scale: unread, block_out_init_scale: unread },
    ...{ block_use_xavier_init: unread, conv_use_xavier_init: unread },
  }),
  called: { rms_norm_eps: "norm_eps" },
  norm: rmsNorm(1e-5),
  longest: count("max_position_embeddings", 128_000),
  tied,
  rope: rotary({ base: 1_000_000 }),
  queryKeyNorm: "head",
  attentionBias: false,
  mlpWidth,
  activation: "silu",
  attends,
  mixer: when(attends, undefined, convolution),
  names: {
    "layers.*.operator_norm": "layers.*.inputNorm",
    "layers.*.ffn_norm": "layers.*.postAttentionNorm",
    "layers.*.self_attn.out_proj": "layers.*.selfAttn.oProj",
    "layers.*.self_attn.q_layernorm": "layers.*.selfAttn.qNorm",
    "layers.*.self_attn.k_layernorm": "layers.*.selfAttn.kNorm",
    "layers.*.feed_forward.w1": "layers.*.mlp.gateProj",
    "layers.*.feed_forward.w2": "layers.*.mlp.downProj",
    "layers.*.feed_forward.w3": "layers.*.mlp.upProj",
    embedding_norm: "finalNorm",
  },
  mixerNames: () => ({
    "layers.*.conv.in_proj": "layers.*.mixer.inProj",
    "layers.*.conv.conv": storedConvolution,
    "layers.*.conv.out_proj": "layers.*.mixer.outProj",
  }),
});
