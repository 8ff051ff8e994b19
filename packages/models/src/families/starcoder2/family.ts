/** StarCoder 2 (`model_type: "starcoder2"`): Llama's attention with LayerNorm, biases, a window and a plain MLP. */
import { always, unread } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { layerNorm } from "../shared/norms.js";
import { count, flag, nonlinearity } from "../shared/part.js";
import { slidingWindow } from "../shared/windows.js";
import { starcoder2Gguf } from "./gguf.js";

export const starcoder2 = likeLlama("starcoder2", {
  fields: () => ({
    mlp_type: always("default"),
    norm_type: always("layer_norm"),
    activation_function: unread,
    layer_norm_epsilon: unread,
    scale_attn_weights: always(true),
  }),
  longest: count("max_position_embeddings", 4096),
  norm: layerNorm("norm_epsilon"),
  attentionBias: flag("use_bias", true),
  window: slidingWindow(null),
  activation: nonlinearity("hidden_act", "geluTanh"),
  gated: false,
  mlpBias: flag("use_bias", true),
  tied: flag("tie_word_embeddings", true),
  names: {
    "layers.*.mlp.c_fc": "layers.*.mlp.upProj",
    "layers.*.mlp.c_proj": "layers.*.mlp.downProj",
  },
  gguf: starcoder2Gguf,
});
