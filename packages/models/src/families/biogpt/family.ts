/** BioGPT (`model_type: "biogpt"`): GPT-2's layout with scaled embeddings and positions from row 2 on. */

import { z } from "zod";
import { size } from "../shared/config-json.js";
import { likeGpt } from "../shared/like-llama.js";
import { computed, count, field, flag, nonlinearity, when } from "../shared/part.js";

export const biogpt = likeGpt("biogpt", {
  fields: () => ({ layer_norm_eps: z.unknown().optional() }), // norms have their own
  longest: count("max_position_embeddings", 1024),
  positionOffset: 2,
  embeddingScale: when(
    flag("scale_embedding", true),
    computed(({ hidden_size: hidden }) => Math.sqrt(hidden)),
  ),
  norm: { kind: "layer", epsilon: 1e-5, bias: true },
  mlpWidth: field("intermediate_size", () => size),
  activation: nonlinearity("hidden_act", "gelu"),
  prefix: "biogpt.",
  names: {
    embed_tokens: "embedTokens",
    embed_positions: "embedPositions",
    "layers.*.self_attn_layer_norm": "layers.*.inputNorm",
    "layers.*.self_attn.q_proj": "layers.*.selfAttn.qProj",
    "layers.*.self_attn.k_proj": "layers.*.selfAttn.kProj",
    "layers.*.self_attn.v_proj": "layers.*.selfAttn.vProj",
    "layers.*.self_attn.out_proj": "layers.*.selfAttn.oProj",
    "layers.*.final_layer_norm": "layers.*.postAttentionNorm",
    "layers.*.fc1": "layers.*.mlp.upProj",
    "layers.*.fc2": "layers.*.mlp.downProj",
    layer_norm: "finalNorm",
    output_projection: "lmHead",
  },
  ignored: [],
});
