/** Mamba (`model_type: "mamba"`): selective state-space layers, no attention, no positions. */
import { z } from "zod";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import { UnsupportedConfigError } from "../../errors.js";
import type { RecurrentConfig } from "../../recurrent/config.js";
import { readConfig, size, unread, withDefault } from "../shared/config-json.js";
import { recurrentFamily, storedConvolution } from "../shared/recurrent.js";

const schema = z.object({
  d_inner: unread,
  d_model: unread,
  n_layer: unread,
  fused_add_norm: unread,
  pad_vocab_size_multiple: unread,
  rescale_prenorm_residual: unread,
  // of weights before training
  time_step_floor: unread,
  time_step_init_scheme: unread,
  time_step_max: unread,
  time_step_min: unread,
  time_step_scale: unread,
  use_associative_scan: unread,
  use_mambapy: unread,
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  state_size: withDefault(size, 16),
  expand: withDefault(size, 2),
  // Default: expand · hidden_size.
  intermediate_size: size.nullish(),
  time_step_rank: z.union([size, z.literal("auto")]).default("auto"),
  conv_kernel: withDefault(size, 4),
  layer_norm_epsilon: withDefault(z.number().positive(), 1e-5),
  hidden_act: z.enum(["silu", "swish"]).default("silu"),
  use_bias: withDefault(z.boolean(), false),
  use_conv_bias: withDefault(z.boolean(), true),
  residual_in_fp32: withDefault(z.boolean(), true),
  tie_word_embeddings: withDefault(z.boolean(), true),
  rms_norm: z.literal(true).nullish(),
});

function describe(json: unknown, file: string): RecurrentConfig {
  const config = readConfig(schema, json, file);
  const { hidden_size: hidden } = config;
  const rank = config.time_step_rank;
  if (config.expand * hidden >= 2 ** 31) {
    const rule = `With hidden_size = ${hidden} it makes layers wider than an array can be.`;
    throw new UnsupportedConfigError("expand", config.expand, file, rule);
  }
  const norm = { kind: "rms", epsilon: config.layer_norm_epsilon, bias: false } as const;
  const mixer = {
    kind: "mamba",
    inner: config.intermediate_size ?? config.expand * hidden,
    state: config.state_size,
    stepRank: rank === "auto" ? Math.ceil(hidden / 16) : rank,
    kernel: config.conv_kernel,
    projectionBias: config.use_bias,
    convolutionBias: config.use_conv_bias,
  } as const;
  return {
    vocab: config.vocab_size,
    hidden,
    layers: Array.from({ length: config.num_hidden_layers }, () => ({ inputNorm: norm, mixer })),
    finalNorm: norm,
    residualInFloat32: config.residual_in_fp32,
    head: { tied: config.tie_word_embeddings, bias: false },
  };
}

const weights: WeightTable = {
  optionalPrefix: "backbone.",
  modules: {
    embeddings: "embedTokens",
    embedding: "embedTokens",
    "layers.*.norm": "layers.*.inputNorm",
    "layers.*.mixer.in_proj": "layers.*.mixer.inProj",
    "layers.*.mixer.conv1d": storedConvolution,
    "layers.*.mixer.x_proj": "layers.*.mixer.xProj",
    "layers.*.mixer.dt_proj": "layers.*.mixer.dtProj",
    "layers.*.mixer.out_proj": "layers.*.mixer.outProj",
    norm_f: "finalNorm",
    lm_head: "lmHead",
  },
  parameters: {
    "layers.*.mixer.A_log": "layers.*.mixer.decayRate",
    "layers.*.mixer.D": "layers.*.mixer.skip",
  },
  ignored: [],
};

export const mamba = recurrentFamily("mamba", describe, () => weights);
