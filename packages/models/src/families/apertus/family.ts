/** Apertus (`model_type: "apertus"`): normalised queries and keys, a plain MLP whose nonlinearity is learned. */
import { z } from "zod";
import { activation, always } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { count, field, part } from "../shared/part.js";
import { ropeFields, ropeParametersOf } from "../shared/rope-json.js";

const publishedScaling = {
  rope_type: "llama3",
  rope_theta: 12_000_000,
  ...{ factor: 8, low_freq_factor: 1, high_freq_factor: 4 },
  original_max_position_embeddings: 8192,
} as const;

const learned = "layers.*.mlp.xielu";

export const apertus = likeLlama("apertus", {
  fields: () => ({ qk_norm: always(true) }),
  longest: count("max_position_embeddings", 65_536),
  norm: rmsNorm(1e-5),
  queryKeyNorm: "head",
  // Rotation is scaled as in the published models where the file does not say.
  rope: part(
    () => ropeFields,
    (fields) => ({
      fields: ropeParametersOf(fields) ? fields : { ...fields, rope_parameters: publishedScaling },
      base: 12_000_000,
    }),
  ),
  activation: field("hidden_act", () => z.union([z.literal("xielu"), activation]).default("xielu")),
  gated: false,
  names: {
    "layers.*.attention_layernorm": "layers.*.inputNorm",
    "layers.*.feedforward_layernorm": "layers.*.postAttentionNorm",
  },
  parameters: {
    "layers.*.mlp.act_fn.alpha_p": `${learned}.alphaPositive`,
    "layers.*.mlp.act_fn.alpha_n": `${learned}.alphaNegative`,
    "layers.*.mlp.act_fn.beta": `${learned}.beta`,
    "layers.*.mlp.act_fn.eps": `${learned}.bound`,
  },
});
