/** Ministral (`model_type: "ministral"`): Mistral with a window in the layers that are listed as having one. */
import { likeLlama } from "../shared/like-llama.js";
import { mistralParts } from "../shared/mistral-parts.js";
import { when } from "../shared/part.js";
import { slidingWindow, windowedLayers } from "../shared/windows.js";

export const ministral = likeLlama("ministral", {
  ...mistralParts,
  window: when(windowedLayers(Number.POSITIVE_INFINITY), slidingWindow(4096)),
});
