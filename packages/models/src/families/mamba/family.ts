/** Mamba (`model_type: "mamba"`): selective state-space layers, no attention, no positions. */
import { z } from "zod";
import type { WeightRule } from "../../checkpoint/table/weight-table.js";
import { UnsupportedConfigError } from "../../errors.js";
import type { MambaConfig } from "../../state-space/config.js";
import { Mamba } from "../../state-space/mamba.js";
import { StateSpaceModel } from "../../state-space/state-space-model.js";
import { readConfig, size, unread, withDefault } from "../shared/config-json.js";
import type { BuiltModule, ModuleFamily } from "../shared/family.js";

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

function describe(json: unknown, file: string): MambaConfig {
  const config = readConfig(schema, json, file);
  const { hidden_size: hidden } = config;
  const rank = config.time_step_rank;
  if (config.expand * hidden >= 2 ** 31) {
    const rule = `With hidden_size = ${hidden} it makes layers wider than an array can be.`;
    throw new UnsupportedConfigError("expand", config.expand, file, rule);
  }
  return {
    vocab: config.vocab_size,
    hidden,
    layers: config.num_hidden_layers,
    norm: { kind: "rms", epsilon: config.layer_norm_epsilon, bias: false },
    mixer: {
      inner: config.intermediate_size ?? config.expand * hidden,
      state: config.state_size,
      stepRank: rank === "auto" ? Math.ceil(hidden / 16) : rank,
      kernel: config.conv_kernel,
      projectionBias: config.use_bias,
      convolutionBias: config.use_conv_bias,
    },
    residualInFloat32: config.residual_in_fp32,
    head: { tied: config.tie_word_embeddings },
  };
}

function build(json: unknown, file: string): BuiltModule {
  const config = describe(json, file);
  const module = new Mamba(config);
  return { module, open: (parts) => new StateSpaceModel(module, { config, ...parts }) };
}

/** Stored with an axis of length one between channels and kernel. */
const convolution: WeightRule = {
  into: ["layers.*.mixer.convolution"],
  transform: (tensor, kind) => [kind === "weight" ? tensor.squeeze(1) : tensor],
  storedShape: ([shape], kind) => (kind === "weight" ? [shape[0], 1, shape[1]] : [...shape]),
};

export const mamba: ModuleFamily = {
  modelType: "mamba",
  build,
  weights: {
    optionalPrefix: "backbone.",
    modules: {
      embeddings: "embedTokens",
      embedding: "embedTokens",
      "layers.*.norm": "layers.*.inputNorm",
      "layers.*.mixer.in_proj": "layers.*.mixer.inProj",
      "layers.*.mixer.conv1d": convolution,
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
  },
};
