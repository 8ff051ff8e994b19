/** What the generations of Granite share: multipliers on embeddings, scores, writes and logits. */
import type { Differences } from "./like-llama.js";
import { count, divisor, factor, type Given, together } from "./part.js";

export const graniteParts = {
  embeddingScale: factor("embedding_multiplier", 1),
  scale: factor("attention_multiplier", 1),
  outputScale: factor("residual_multiplier", 1),
  logitScale: divisor("logits_scaling", 1),
} satisfies Differences;

/** @param sharedHidden the width of an expert that sees every token */
export const graniteExperts = (sharedHidden: Given<number | undefined>) =>
  together({
    count: count("num_local_experts", 8),
    topK: count("num_experts_per_tok", 2),
    scoring: "softmax" as const,
    normalized: true, // a softmax over the chosen experts
    sharedHidden,
  });
