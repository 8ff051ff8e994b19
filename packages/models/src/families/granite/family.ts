/** Granite 3 (`model_type: "granite"`): Llama's layout with multipliers on embeddings, scores, writes and logits. */
import { likeLlama } from "../shared/like-llama.js";
import { divisor, factor, flag } from "../shared/part.js";

export const granite = likeLlama("granite", {
  embeddingScale: factor("embedding_multiplier", 1),
  scale: factor("attention_multiplier", 1),
  mlpBias: flag("mlp_bias", false),
  outputScale: factor("residual_multiplier", 1),
  logitScale: divisor("logits_scaling", 1),
});
