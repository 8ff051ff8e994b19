/** dots.llm1 (`model_type: "dots1"`): normalised queries and keys before DeepSeek's mixture. */
import { z } from "zod";
import { always, size, withDefault } from "../shared/config-json.js";
import { deepseekMixture } from "../shared/deepseek-mixture.js";
import { likeLlama } from "../shared/like-llama.js";
import { count, part } from "../shared/part.js";
import { layerTypes } from "../shared/windows.js";

/** From some layer on, where the file lists none. */
const window = part(
  () => ({
    sliding_window: size.nullable().default(4096),
    max_window_layers: withDefault(z.int().nonnegative(), 62),
    layer_types: layerTypes,
  }),
  ({ sliding_window: width, max_window_layers: first, layer_types: types }, layer) =>
    (types ? types[layer] === "sliding_attention" : layer >= first)
      ? (width ?? undefined)
      : undefined,
);

export const dots1 = likeLlama("dots1", {
  ...deepseekMixture({
    ...{ dense: 0, width: 1408, experts: 1, topK: 1, scale: 1, shared: 0 },
    groups: [1, 1],
    normalized: false,
  }),
  fields: () => ({
    moe_layer_freq: always(1),
    scoring_func: always("sigmoid"),
    topk_method: always("noaux_tc"),
  }),
  longest: count("max_position_embeddings", 2048),
  queryKeyNorm: "head",
  window,
});
