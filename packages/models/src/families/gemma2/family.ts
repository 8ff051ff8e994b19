/** Gemma 2 (`model_type: "gemma2"`): norms before and after both writes, soft caps, a window in every other layer. */
import { unread } from "../shared/config-json.js";
import { sandwichParts } from "../shared/gemma-parts.js";
import { likeLlama } from "../shared/like-llama.js";
import { bound, count, when } from "../shared/part.js";
import { slidingWindow, windowedLayers } from "../shared/windows.js";
import { gemma2Gguf } from "./gguf.js";

export const gemma2 = likeLlama("gemma2", {
  gguf: gemma2Gguf,
  ...sandwichParts,
  fields: () => ({ ...sandwichParts.fields(), sliding_window_size: unread }), // of the first files, beside `sliding_window`
  longest: count("max_position_embeddings", 8192),
  scoreCap: bound("attn_logit_softcapping", 50),
  logitCap: bound("final_logit_softcapping", 30),
  window: when(windowedLayers(2), slidingWindow(4096)),
});
