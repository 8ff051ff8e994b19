/** Mamba 2 (`model_type: "mamba2"`): state-space layers by heads, no attention, no positions. */
import { z } from "zod";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import { UnsupportedConfigError } from "../../errors.js";
import type { RecurrentConfig } from "../../recurrent/config.js";
import { readConfig, size, unread, withDefault } from "../shared/config-json.js";
import { groupedNorm, recurrentFamily, storedConvolution } from "../shared/recurrent.js";
import { stepLimits } from "../shared/step-limits.js";

const schema = z.object({
  chunk_size: unread, // another way to the same numbers
  fused_add_norm: unread,
  norm_before_gate: unread, // transformers has it behind the gate, whatever the file says
  pad_vocab_size_multiple: unread,
  rescale_prenorm_residual: unread,
  time_step_rank: unread,
  // of weights before training
  time_step_floor: unread,
  time_step_init_scheme: unread,
  time_step_max: unread,
  time_step_min: unread,
  time_step_scale: unread,
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  intermediate_size: size.nullish(),
  num_heads: withDefault(size, 128),
  head_dim: withDefault(size, 64),
  state_size: withDefault(size, 128),
  n_groups: withDefault(size, 8),
  expand: withDefault(size, 2),
  conv_kernel: withDefault(size, 4),
  layer_norm_epsilon: withDefault(z.number().positive(), 1e-5),
  hidden_act: z.enum(["silu", "swish"]).default("silu"),
  use_bias: withDefault(z.boolean(), false),
  use_conv_bias: withDefault(z.boolean(), true),
  residual_in_fp32: withDefault(z.boolean(), true),
  tie_word_embeddings: withDefault(z.boolean(), false),
  rms_norm: z.literal(true).nullish(),
  time_step_limit: stepLimits,
});

type Fields = z.output<typeof schema>;

function describe(json: unknown, file: string): RecurrentConfig {
  const config = readConfig(schema, json, file);
  checkWidths(config, file);
  const { hidden_size: hidden, time_step_limit: limits } = config;
  const norm = { kind: "rms", epsilon: config.layer_norm_epsilon, bias: false } as const;
  const mixer = {
    kind: "mamba2",
    heads: config.num_heads,
    headDim: config.head_dim,
    state: config.state_size,
    groups: config.n_groups,
    kernel: config.conv_kernel,
    projectionBias: config.use_bias,
    convolutionBias: config.use_conv_bias,
    norm,
    ...(limits && { stepLimits: limits }),
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

function checkWidths(config: Fields, file: string): void {
  const { num_heads: heads, head_dim: headDim, n_groups: groups, expand, hidden_size } = config;
  if (heads * headDim !== expand * hidden_size) {
    const rule = `${heads} heads of head_dim = ${headDim} are not expand · hidden_size = ${expand * hidden_size} wide.`;
    throw new UnsupportedConfigError("num_heads", heads, file, rule);
  }
  if (heads % groups === 0) return;
  const rule = `${heads} heads cannot make ${groups} groups of equal size.`;
  throw new UnsupportedConfigError("n_groups", groups, file, rule);
}

const weights: WeightTable = {
  optionalPrefix: "backbone.",
  modules: {
    embeddings: "embedTokens",
    embedding: "embedTokens",
    "layers.*.norm": "layers.*.inputNorm",
    "layers.*.mixer.in_proj": "layers.*.mixer.inProj",
    "layers.*.mixer.conv1d": storedConvolution,
    "layers.*.mixer.norm": groupedNorm(1),
    "layers.*.mixer.out_proj": "layers.*.mixer.outProj",
    norm_f: "finalNorm",
    lm_head: "lmHead",
  },
  parameters: {
    "layers.*.mixer.A_log": "layers.*.mixer.decayRate",
    "layers.*.mixer.D": "layers.*.mixer.skip",
    "layers.*.mixer.dt_bias": "layers.*.mixer.stepBias",
  },
  ignored: [],
};

export const mamba2 = recurrentFamily("mamba2", describe, () => weights);
