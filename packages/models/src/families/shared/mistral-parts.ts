/** What Mistral and Mixtral share. */
import type { Differences } from "./like-llama.js";
import { count } from "./part.js";

/** Long texts, and no biases. */
export const mistralParts = {
  longest: count("max_position_embeddings", 131_072),
  attentionBias: false,
} satisfies Differences;
