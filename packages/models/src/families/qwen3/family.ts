/** Qwen 3 (`model_type: "qwen3"`): Llama's layout with normalised queries and keys. */
import { likeLlama } from "../shared/like-llama.js";
import { count } from "../shared/part.js";
import { windowOnRequest } from "../shared/windows.js";
import { qwen3Gguf } from "./gguf.js";

export const qwen3 = likeLlama("qwen3", {
  longest: count("max_position_embeddings", 32_768),
  headDim: count("head_dim", 128),
  queryKeyNorm: "head",
  window: windowOnRequest,
  gguf: qwen3Gguf,
});
