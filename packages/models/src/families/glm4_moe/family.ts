/** GLM-4.5 and 4.6 (`model_type: "glm4_moe"`): half of each head rotated, sigmoid routing, a shared expert. */
import { always, unread } from "../shared/config-json.js";
import { deepseekMixture } from "../shared/deepseek-mixture.js";
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { count, flag, when } from "../shared/part.js";
import { partlyRotary } from "../shared/rope-parts.js";

export const glm4Moe = likeLlama("glm4_moe", {
  ...deepseekMixture({
    ...{ dense: 1, width: 1408, experts: 128, topK: 8, scale: 1, shared: 1 },
    groups: [1, 1],
  }),
  fields: () => ({
    num_mtp_layers: unread,
    scoring_func: always("sigmoid"),
    topk_method: always("noaux_tc"),
  }),
  longest: count("max_position_embeddings", 131_072),
  outputBias: false,
  norm: rmsNorm(1e-5),
  queryKeyNorm: when(flag("use_qk_norm", false), "head" as const),
  rope: partlyRotary({ share: 0.5 }),
});
