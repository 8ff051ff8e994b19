/** Norms after both writes and none before them, as OLMo 2 and EXAONE 4 have them. */
import type { Differences } from "./like-llama.js";
import { rmsNorm } from "./norms.js";

export const normedWritesOnly = {
  norm: rmsNorm(1e-5),
  block: {},
  normedWrites: true,
  names: {
    "layers.*.post_attention_layernorm": "layers.*.selfAttn.postNorm",
    "layers.*.post_feedforward_layernorm": "layers.*.mlp.postNorm",
  },
} satisfies Differences;
