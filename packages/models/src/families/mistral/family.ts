/** Mistral (`model_type: "mistral"`): Llama's layout with a sliding window. */
import { likeLlama } from "../shared/like-llama.js";
import { mistralParts } from "../shared/mistral-parts.js";
import { slidingWindow } from "../shared/windows.js";

export const mistral = likeLlama("mistral", {
  ...mistralParts,
  window: slidingWindow(4096),
});
