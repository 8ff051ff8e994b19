/** Phi 1, 1.5 and 2 (`model_type: "phi"`): attention and MLP in parallel behind one LayerNorm, biases everywhere. */
import { likeLlama } from "../shared/like-llama.js";
import { layerNorm, oneNormForBoth } from "../shared/norms.js";
import { flag, nonlinearity, when } from "../shared/part.js";
import { partlyRotary } from "../shared/rope-parts.js";

export const phi = likeLlama("phi", {
  norm: layerNorm("layer_norm_eps"),
  block: oneNormForBoth,
  attentionBias: true,
  queryKeyNorm: when(flag("qk_layernorm", false), "head" as const),
  rope: partlyRotary({ share: 0.5 }),
  activation: nonlinearity("hidden_act", "geluTanh"),
  gated: false,
  mlpBias: true,
  headBias: true,
  names: {
    "layers.*.self_attn.dense": "layers.*.selfAttn.oProj",
    "layers.*.self_attn.q_layernorm": "layers.*.selfAttn.qNorm",
    "layers.*.self_attn.k_layernorm": "layers.*.selfAttn.kNorm",
    "layers.*.mlp.fc1": "layers.*.mlp.upProj",
    "layers.*.mlp.fc2": "layers.*.mlp.downProj",
    final_layernorm: "finalNorm",
  },
});
