/** SmolLM 3 (`model_type: "smollm3"`): Llama's layout with some layers that have no positions. */
import { z } from "zod";
import { size, unread, withDefault } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { count, flag, part, when } from "../shared/part.js";
import { rotary } from "../shared/rope-parts.js";
import { everyLayerBut, layerTypes, slidingWindow } from "../shared/windows.js";

const rotates = part(
  () => ({
    no_rope_layers: z
      .array(z.literal([0, 1]))
      .min(1)
      .nullish(),
    no_rope_layer_interval: withDefault(size, 4),
  }),
  ({ no_rope_layers: listed, no_rope_layer_interval: period }, layer) =>
    listed ? listed[layer] === 1 : everyLayerBut(period)(layer),
);

const slides = part(
  () => ({
    ...rotates.shape(),
    use_sliding_window: withDefault(z.boolean(), false),
    layer_types: layerTypes,
  }),
  (config, layer) =>
    config.layer_types
      ? config.layer_types[layer] === "sliding_attention"
      : config.use_sliding_window && !rotates.read(config, layer),
);

export const smollm3 = likeLlama("smollm3", {
  fields: () => ({ max_window_layers: unread }), // layer_types say it
  longest: count("max_position_embeddings", 32_768),
  rope: when(rotates, rotary({ base: 2_000_000 })),
  window: when(slides, slidingWindow(null)),
  mlpBias: flag("mlp_bias", false),
  tied: flag("tie_word_embeddings", true),
});
