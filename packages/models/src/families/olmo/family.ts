/** OLMo (`model_type: "olmo"`): Llama's layout with a LayerNorm that has neither weight nor bias, and clipped projections. */
import { likeLlama } from "../shared/like-llama.js";
import { optionalBound } from "../shared/part.js";

export const olmo = likeLlama("olmo", {
  norm: { kind: "layer", epsilon: 1e-5, bias: false, weight: false },
  clip: optionalBound("clip_qkv"),
});
