/** Command R7B (`model_type: "cohere2"`): Command R with windowed, rotated layers and full layers without positions. */
import { always, unread } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { layerNorm, oneNormForBoth } from "../shared/norms.js";
import { count, factor, flag, when } from "../shared/part.js";
import { rotary } from "../shared/rope-parts.js";
import { slidingWindow, windowedLayers } from "../shared/windows.js";

const local = windowedLayers(count("sliding_window_pattern", 4));
const window = when(local, slidingWindow(4096));

export const cohere2 = likeLlama("cohere2", {
  fields: () => ({
    layer_switch: unread,
    _sliding_window_pattern: unread,
    order_of_interleaved_layers: always("local_attn_first"),
    position_embedding_type: always("rope_gptj"),
    rotary_pct: always(1),
    use_embedding_sharing: always(true),
    use_gated_activation: always(true),
    use_parallel_block: always(true),
    use_parallel_embedding: unread,
  }),
  longest: count("max_position_embeddings", 8192),
  norm: layerNorm("layer_norm_eps", { bias: false }),
  block: oneNormForBoth,
  window,
  rope: when(window, rotary({ interleaved: true })),
  logitScale: factor("logit_scale", 0.0625),
  tied: flag("tie_word_embeddings", true),
});
