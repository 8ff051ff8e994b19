/** What the generations of Granite share: multipliers on embeddings, scores, writes and logits. */
import type { Differences } from "./like-llama.js";
import { divisor, factor } from "./part.js";

export const graniteParts = {
  embeddingScale: factor("embedding_multiplier", 1),
  scale: factor("attention_multiplier", 1),
  outputScale: factor("residual_multiplier", 1),
  logitScale: divisor("logits_scaling", 1),
} satisfies Differences;
