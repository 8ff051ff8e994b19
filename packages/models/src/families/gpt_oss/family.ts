/** gpt-oss (`model_type: "gpt_oss"`): attention sinks, every other layer windowed, experts with biases and a clamped gate. */
import { z } from "zod";
import { always, size, unread } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { computed, count, field, flag, part, together, when } from "../shared/part.js";
import {
  longestSequence,
  type RopeFields,
  ropeFields,
  ropeParametersOf,
} from "../shared/rope-json.js";
import { windowedLayers } from "../shared/windows.js";
import { gateAndUp, stackedExpertRows, stackedExperts } from "./expert-tensors.js";

/** The bound of transformers, which reads none from the config. */
const clampedAt = 7;

const publishedScaling = {
  rope_type: "yarn",
  factor: 32,
  truncate: false,
  original_max_position_embeddings: 4096,
} as const;

/** Rotation is scaled as in the published models where the file does not say. */
function withScaling<C extends RopeFields>(config: C): C {
  if (ropeParametersOf(config)) return config;
  return { ...config, rope_parameters: publishedScaling };
}

const experts = "layers.*.mlp.experts";

export const gptOss = likeLlama("gpt_oss", {
  fields: () => ({
    experts_per_token: unread,
    initial_context_length: unread,
    // The experts' nonlinearity is fixed, whatever this says.
    hidden_act: z.enum(["silu", "swish"]).nullish(),
    swiglu_limit: always(clampedAt),
  }),
  longest: count("max_position_embeddings", 131_072),
  maxPositions: computed(({ max_position_embeddings: plain = 0, ...config }) =>
    longestSequence({ ...withScaling(config), max_position_embeddings: plain }),
  ),
  norm: rmsNorm(1e-5),
  headDim: count("head_dim", 64),
  attentionBias: flag("attention_bias", true),
  rope: part(
    () => ropeFields,
    (config) => ({ fields: withScaling(config), base: 150_000 }),
  ),
  window: when(windowedLayers(2), count("sliding_window", 128)),
  sinks: true,
  activation: "geluQuick", // gate · σ(1.702 · gate)
  mlpBias: true,
  experts: together({
    count: field("num_local_experts", () => size.default(128)),
    topK: count("num_experts_per_tok", 4),
    scoring: "softmax" as const,
    normalized: true, // a softmax over the chosen experts
    routerBias: true,
    clampedAt,
  }),
  names: {
    "layers.*.mlp.router": "layers.*.mlp.router",
    [`${experts}.gate_up_proj`]: stackedExpertRows(gateAndUp),
    // mlx-lm has them apart.
    [`${experts}.gate_proj`]: "layers.*.mlp.gateProj",
    [`${experts}.up_proj`]: "layers.*.mlp.upProj",
    [`${experts}.down_proj`]: "layers.*.mlp.downProj",
  },
  parameters: {
    "layers.*.self_attn.sinks": "layers.*.selfAttn.sinks",
    [`${experts}.gate_up_proj`]: stackedExperts(gateAndUp.map((path) => `${path}.weight`)),
    [`${experts}.gate_up_proj_bias`]: stackedExperts(gateAndUp.map((path) => `${path}.bias`)),
    [`${experts}.down_proj`]: stackedExperts(["layers.*.mlp.downProj.weight"]),
    [`${experts}.down_proj_bias`]: stackedExperts(["layers.*.mlp.downProj.bias"]),
  },
});
