/** Command R (`model_type: "cohere"`): attention and MLP in parallel behind one LayerNorm, neighbouring pairs rotated. */
import { likeLlama } from "../shared/like-llama.js";
import { layerNorm, oneNormForBoth } from "../shared/norms.js";
import { count, factor, flag, when } from "../shared/part.js";
import { rotary } from "../shared/rope-parts.js";

export const cohere = likeLlama("cohere", {
  longest: count("max_position_embeddings", 8192),
  norm: layerNorm("layer_norm_eps", { bias: false }),
  block: oneNormForBoth,
  queryKeyNorm: when(flag("use_qk_norm", false), "eachHead" as const),
  rope: rotary({ interleaved: true, base: 500_000 }),
  logitScale: factor("logit_scale", 0.0625),
  tied: flag("tie_word_embeddings", true),
});
