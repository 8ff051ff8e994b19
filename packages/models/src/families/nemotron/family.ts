/** Nemotron (`model_type: "nemotron"`): 1 + weight LayerNorm, partly rotated heads, squared ReLU without a gate. */
import { always } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { layerNorm } from "../shared/norms.js";
import { count, flag, nonlinearity } from "../shared/part.js";
import { partlyRotary } from "../shared/rope-parts.js";

export const nemotron = likeLlama("nemotron", {
  fields: () => ({ rope_percent: always(0.5) }), // an older name for the share, which transformers does not read
  longest: count("max_position_embeddings", 4096),
  norm: layerNorm("norm_eps", { unitOffset: true }),
  rope: partlyRotary({ share: 0.5 }),
  activation: nonlinearity("hidden_act", "reluSquared"),
  gated: false,
  mlpBias: flag("mlp_bias", false),
});
