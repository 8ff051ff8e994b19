/** Granite 3 with experts (`model_type: "granitemoe"`): Granite's multipliers around a mixture. */
import { graniteExpertModules } from "../shared/experts.js";
import { graniteExperts, graniteParts } from "../shared/granite-parts.js";
import { likeLlama } from "../shared/like-llama.js";

export const granitemoe = likeLlama("granitemoe", {
  ...graniteParts,
  experts: graniteExperts(undefined),
  names: graniteExpertModules,
});
