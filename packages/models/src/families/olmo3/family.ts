/** OLMo 3 (`model_type: "olmo3"`): OLMo 2 with a window in three of four layers, and scaled rotation in the others only. */
import { always } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { normedWritesOnly } from "../shared/normed-writes.js";
import { part, when } from "../shared/part.js";
import { parametersByKind, ropeOfKind, scalingOfFull } from "../shared/rope-by-kind.js";
import { longestSequence } from "../shared/rope-json.js";
import { slidingWindow, windowedLayers } from "../shared/windows.js";

const local = windowedLayers(4);

/** The base where nothing is said; another one of older files means two things in two versions of transformers. */
const base = 500_000;

const rotationFields = {
  rope_theta: always(base),
  rope_scaling: scalingOfFull,
  rope_parameters: parametersByKind,
};

export const olmo3 = likeLlama("olmo3", {
  ...normedWritesOnly,
  maxPositions: part(
    () => rotationFields,
    ({ max_position_embeddings: plain = 0, ...config }) =>
      longestSequence({ ...ropeOfKind(config, false, base), max_position_embeddings: plain }),
  ),
  queryKeyNorm: "width",
  window: when(local, slidingWindow(4096)),
  rope: part(
    () => rotationFields,
    (config, layer) => ({
      fields: ropeOfKind(config, local.read(config, layer), base),
    }),
  ),
});
