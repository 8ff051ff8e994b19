/** OLMo 2 (`model_type: "olmo2"`): norms after both writes only, queries and keys normalised over their full width. */
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";

export const olmo2 = likeLlama("olmo2", {
  norm: rmsNorm(1e-5),
  block: {},
  normedWrites: true,
  queryKeyNorm: "width",
  names: {
    "layers.*.post_attention_layernorm": "layers.*.selfAttn.postNorm",
    "layers.*.post_feedforward_layernorm": "layers.*.mlp.postNorm",
  },
});
