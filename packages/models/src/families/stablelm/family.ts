/** StableLM (`model_type: "stablelm"`): Llama's layout with LayerNorm and partly rotated heads; parallel in the 12B model. */
import { always } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { layerNorm, normedReads, oneNormForBoth } from "../shared/norms.js";
import { count, flag, together, when } from "../shared/part.js";
import { partlyRotary } from "../shared/rope-parts.js";

const normOfEachHead = together({
  norm: layerNorm("layer_norm_eps", { bias: false }),
  over: "eachHead" as const,
});

export const stablelm = likeLlama("stablelm", {
  // Older names, which transformers does not read.
  fields: () => ({ rope_pct: always(0.25), norm_eps: always(1e-5) }),
  longest: count("max_position_embeddings", 4096),
  norm: layerNorm("layer_norm_eps"),
  block: when(flag("use_parallel_residual", false), oneNormForBoth, normedReads),
  attentionBias: false,
  qkvBias: flag("use_qkv_bias", false),
  queryKeyNorm: when(flag("qk_layernorm", false), normOfEachHead),
  rope: partlyRotary({ share: 0.25 }),
  names: {
    "layers.*.self_attn.q_layernorm.norms.*": "layers.*.selfAttn.qNorm",
    "layers.*.self_attn.k_layernorm.norms.*": "layers.*.selfAttn.kNorm",
  },
});
