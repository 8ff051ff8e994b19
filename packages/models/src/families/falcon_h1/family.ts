/** Falcon H1 (`model_type: "falcon_h1"`): every layer attends and remembers at once, with multipliers everywhere. */
import { z } from "zod";
import { UnsupportedConfigError } from "../../errors.js";
import { onByDefault, size, unread, withDefault } from "../shared/config-json.js";
import { likeHybridLlama } from "../shared/like-llama.js";
import { mamba2Layers, mamba2Names, mamba2Parameters, misfit } from "../shared/mamba2-layers.js";
import { rmsNorm } from "../shared/norms.js";
import { count, factor, field, flag, onlySilu, part } from "../shared/part.js";

const numbers = (length: number) => z.array(z.number()).length(length).nullish();
const inner = { mamba_d_ssm: size.nullable().default(1024), mamba_expand: withDefault(size, 2) };
const mlpScales = { mlp_multipliers: numbers(2) };

const mixer = mamba2Layers(
  {
    ...inner,
    mamba_rms_norm: withDefault(z.boolean(), false),
    mamba_norm_before_gate: onByDefault,
    projectors_bias: withDefault(z.boolean(), false),
    rms_norm_eps: withDefault(z.number().positive(), 1e-5),
    ssm_multipliers: numbers(5),
    ssm_in_multiplier: withDefault(z.number(), 1),
    ssm_out_multiplier: withDefault(z.number(), 1),
    mamba_n_groups: withDefault(size, 1),
  },
  (config) => ({
    inner: config.mamba_d_ssm ?? config.mamba_expand * config.hidden_size,
    outputBias: config.projectors_bias,
    inputScale: config.ssm_in_multiplier,
    outputScale: config.ssm_out_multiplier,
    ...(config.ssm_multipliers && {
      projectionScales: config.ssm_multipliers as [number, number, number, number, number],
    }),
    ...(config.mamba_rms_norm && {
      norm: { kind: "rms", epsilon: config.rms_norm_eps, bias: false } as const,
      normGroups: config.mamba_n_groups,
      normBeforeGate: config.mamba_norm_before_gate,
    }),
  }),
);

/** Scores are read off keys that are multiplied. */
const scale = part(
  () => ({ key_multiplier: withDefault(z.number(), 1), head_dim: size.nullish() }),
  ({ key_multiplier: keys, head_dim: given, hidden_size: hidden, num_attention_heads: heads }) =>
    keys * (given ?? Math.floor(hidden / heads)) ** -0.5,
);

export const falconH1 = likeHybridLlama("falcon_h1", {
  fields: () => ({
    ...{ mamba_chunk_size: unread, num_logits_to_keep: unread, mlp_expansion_factor: unread },
    ...{ mamba_use_mlp: z.literal(true).nullish(), layer_types: unread },
    attn_layer_indices: z.null().optional(),
  }),
  check: part(
    () => inner,
    (config) => (file) => {
      const width = config.mamba_d_ssm ?? config.mamba_expand * config.hidden_size;
      const own = mixer.read(config, 0);
      const broken = misfit(own, width);
      if (broken) throw new UnsupportedConfigError("mamba_n_heads", heads(own), file, broken);
    },
  ),
  longest: count("max_position_embeddings", 8192),
  embeddingScale: factor("embedding_multiplier", 1),
  logitScale: field("lm_head_multiplier", () => withDefault(z.number(), 1)),
  norm: rmsNorm(1e-5),
  kvHeads: part(
    () => ({ num_key_value_heads: size.nullable().default(8) }),
    (config) => config.num_key_value_heads ?? config.num_attention_heads,
  ),
  scale,
  outputScale: field("attention_out_multiplier", () => withDefault(z.number(), 1)),
  attentionInputScale: field("attention_in_multiplier", () => withDefault(z.number(), 1)),
  mlpBias: flag("mlp_bias", false),
  mlpPreScale: part(
    () => mlpScales,
    ({ mlp_multipliers: scales }) => scales?.[0],
  ),
  mlpOutputScale: part(
    () => mlpScales,
    ({ mlp_multipliers: scales }) => scales?.[1] ?? 1,
  ),
  activation: onlySilu,
  attends: true,
  mixer,
  names: {
    "layers.*.pre_ff_layernorm": "layers.*.postAttentionNorm",
    "layers.*.feed_forward.gate_proj": "layers.*.mlp.gateProj",
    "layers.*.feed_forward.up_proj": "layers.*.mlp.upProj",
    "layers.*.feed_forward.down_proj": "layers.*.mlp.downProj",
    final_layernorm: "finalNorm",
  },
  mixerNames: mamba2Names,
  parameters: mamba2Parameters,
});

const heads = (mixer: object) => Reflect.get(mixer, "heads");
