/** EXAONE 4 (`model_type: "exaone4"`): norms after both writes only, normalised heads; layers without a window do not turn where others have one. */
import { z } from "zod";
import { likeLlama } from "../shared/like-llama.js";
import { normedWritesOnly } from "../shared/normed-writes.js";
import { part, when } from "../shared/part.js";
import { rotary } from "../shared/rope-parts.js";
import { slidingWindow, windowedLayers } from "../shared/windows.js";

/** "LLLG": three local layers, then a global one. */
const period = part(
  () => ({ sliding_window_pattern: z.union([z.int().nonnegative(), z.literal("LLLG")]).nullish() }),
  ({ sliding_window_pattern: pattern }) => (typeof pattern === "number" ? pattern : 4),
);

const window = when(windowedLayers(period), slidingWindow(4096));

export const exaone4 = likeLlama("exaone4", {
  ...normedWritesOnly,
  attentionBias: false,
  queryKeyNorm: "head",
  window,
  rope: when(slidingWindow(4096), when(window, rotary()), rotary()),
});
