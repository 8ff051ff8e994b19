/** OLMo 2 (`model_type: "olmo2"`): norms after both writes only, queries and keys normalised over their full width. */
import { likeLlama } from "../shared/like-llama.js";
import { normedWritesOnly } from "../shared/normed-writes.js";

export const olmo2 = likeLlama("olmo2", {
  ...normedWritesOnly,
  queryKeyNorm: "width",
});
