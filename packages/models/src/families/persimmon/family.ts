/** Persimmon (`model_type: "persimmon"`): LayerNorm, normalised queries and keys, half of each head rotated, a plain MLP. */
import { groupedQkv } from "../../checkpoint/table/fused-weights.js";
import { likeLlama } from "../shared/like-llama.js";
import { layerNorm } from "../shared/norms.js";
import { computed, count, flag, nonlinearity, when } from "../shared/part.js";
import { evenShare } from "../shared/plain-parts.js";
import { partlyRotary } from "../shared/rope-parts.js";

export const persimmon = likeLlama("persimmon", {
  longest: count("max_position_embeddings", 16_384),
  norm: layerNorm("layer_norm_eps"),
  kvHeads: computed((config) => config.num_attention_heads),
  headDim: computed(evenShare),
  attentionBias: true,
  queryKeyNorm: when(flag("qk_layernorm", true), "head" as const),
  rope: partlyRotary({ share: 0.5 }),
  activation: nonlinearity("hidden_act", "reluSquared"),
  gated: false,
  mlpBias: true,
  names: ({ layers: [{ attention }] }) => ({
    "layers.*.self_attn.query_key_value": groupedQkv(attention),
    "layers.*.self_attn.dense": "layers.*.selfAttn.oProj",
    "layers.*.self_attn.q_layernorm": "layers.*.selfAttn.qNorm",
    "layers.*.self_attn.k_layernorm": "layers.*.selfAttn.kNorm",
    "layers.*.mlp.dense_h_to_4h": "layers.*.mlp.upProj",
    "layers.*.mlp.dense_4h_to_h": "layers.*.mlp.downProj",
    final_layernorm: "finalNorm",
  }),
});
