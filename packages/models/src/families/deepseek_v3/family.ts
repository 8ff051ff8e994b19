/** DeepSeek V3 and R1 (`model_type: "deepseek_v3"`): latent attention, grouped sigmoid routing, a shared expert. */
import { always, onByDefault, size, unread } from "../shared/config-json.js";
import { deepseekMixture } from "../shared/deepseek-mixture.js";
import { latentParts, turningDim } from "../shared/latent-parts.js";
import { latentModules } from "../shared/latent-weights.js";
import { likeLlama } from "../shared/like-llama.js";
import { count, part } from "../shared/part.js";
import { ropeFields } from "../shared/rope-json.js";

const mixture = deepseekMixture({
  ...{ dense: 3, width: 2048, experts: 256, topK: 8, scale: 2.5, shared: 1 },
  groups: [8, 4],
});

export const deepseekV3 = likeLlama("deepseek_v3", {
  ...latentParts,
  ...mixture,
  fields: () => ({
    head_dim: size.nullish(), // that of what turns
    num_key_value_heads: size.nullish(), // as many as heads
    qk_head_dim: unread, // the sum of its two parts
    scoring_func: always("sigmoid"),
    topk_method: always("noaux_tc"),
    moe_layer_freq: always(1),
  }),
  longest: count("max_position_embeddings", 4096),
  rope: part(
    () => ({ ...ropeFields, rope_interleave: onByDefault }),
    (fields) => ({
      fields,
      headDim: turningDim.read(fields, 0),
      interleaved: fields.rope_interleave,
    }),
  ),
  names: ({ layers: [{ attention }] }) => ({ ...latentModules(attention), ...mixture.names }),
});
