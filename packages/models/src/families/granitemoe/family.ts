/** Granite 3 with experts (`model_type: "granitemoe"`): Granite's multipliers around a mixture. */
import { graniteExpertModules } from "../shared/experts.js";
import { graniteParts } from "../shared/granite-parts.js";
import { likeLlama } from "../shared/like-llama.js";
import { count, together } from "../shared/part.js";

export const granitemoe = likeLlama("granitemoe", {
  ...graniteParts,
  experts: together({
    count: count("num_local_experts", 8),
    topK: count("num_experts_per_tok", 2),
    scoring: "softmax" as const,
    normalized: true, // a softmax over the chosen experts
  }),
  names: graniteExpertModules,
});
