/** Granite 3 (`model_type: "granite"`): Llama's layout with multipliers on embeddings, scores, writes and logits. */
import { graniteParts } from "../shared/granite-parts.js";
import { likeLlama } from "../shared/like-llama.js";
import { flag } from "../shared/part.js";

export const granite = likeLlama("granite", {
  ...graniteParts,
  mlpBias: flag("mlp_bias", false),
});
