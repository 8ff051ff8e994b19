/** DeepSeek V2 (`model_type: "deepseek_v2"`): latent attention, softmax routing in groups, shared experts. */
import { z } from "zod";
import { always, size, unread, withDefault } from "../shared/config-json.js";
import { deepseekMixtureModules, firstDense, sharedWidth } from "../shared/deepseek-mixture.js";
import { stackedParameters } from "../shared/experts.js";
import { latentParts, turningDim } from "../shared/latent-parts.js";
import { latentModules } from "../shared/latent-weights.js";
import { likeLlama } from "../shared/like-llama.js";
import { count, factor, field, part, together, when } from "../shared/part.js";
import { ropeFields } from "../shared/rope-json.js";

const dense = firstDense(0);

/** Only one of the two ways of choosing looks at groups. */
const groups = part(
  () => ({
    topk_method: withDefault(z.enum(["greedy", "group_limited_greedy"]), "greedy"),
    n_group: size.nullish(),
    topk_group: size.nullish(),
  }),
  ({ topk_method: method, n_group: count, topk_group: chosen }) =>
    method === "greedy"
      ? undefined
      : { count: count ?? 1, chosen: chosen ?? 1, judgedBy: 1 as const },
);

export const deepseekV2 = likeLlama("deepseek_v2", {
  ...latentParts,
  fields: () => ({
    head_dim: size.nullish(), // that of what turns
    num_key_value_heads: size.nullish(), // as many as heads
    qk_head_dim: unread, // the sum of its two parts
    scoring_func: always("softmax"),
    norm_topk_prob: always(false), // transformers computes no other
    moe_layer_freq: always(1),
  }),
  rope: part(
    () => ropeFields,
    (fields) => ({
      ...{ fields, interleaved: true },
      headDim: turningDim.read(fields, 0),
    }),
  ),
  mlpWidth: when(
    dense,
    field("intermediate_size", () => size),
    count("moe_intermediate_size", 1407),
  ),
  experts: when(
    dense,
    undefined,
    together({
      count: count("n_routed_experts", 64),
      topK: field("num_experts_per_tok", () => size),
      scoring: "softmax" as const,
      normalized: false,
      scale: factor("routed_scaling_factor", 1),
      groups,
      sharedHidden: sharedWidth(1407, 2),
    }),
  ),
  names: ({ layers: [{ attention }] }) => ({
    ...latentModules(attention),
    ...deepseekMixtureModules,
  }),
  parameters: stackedParameters,
});
