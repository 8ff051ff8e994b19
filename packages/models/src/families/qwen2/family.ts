/** Qwen 2 and 2.5 (`model_type: "qwen2"`): Llama's layout with biases on queries, keys and values. */
import { likeLlama } from "../shared/like-llama.js";
import { count } from "../shared/part.js";
import { windowOnRequest } from "../shared/windows.js";
import { qwen2Gguf } from "./gguf.js";

export const qwen2 = likeLlama("qwen2", {
  longest: count("max_position_embeddings", 32_768),
  attentionBias: false,
  qkvBias: true,
  window: windowOnRequest,
  gguf: qwen2Gguf,
});
