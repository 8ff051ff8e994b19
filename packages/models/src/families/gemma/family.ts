/** Gemma (`model_type: "gemma"`): Llama's layout with 1 + weight norms, scaled embeddings and wide heads. */
import { activation, always } from "../shared/config-json.js";
import { gemmaParts } from "../shared/gemma-parts.js";
import { likeLlama } from "../shared/like-llama.js";
import { count, field } from "../shared/part.js";
import { gemmaGguf } from "./gguf.js";

// The first files said "gelu" and meant its approximation.
const approximated = activation
  .default("geluTanh")
  .transform((name) => (name === "gelu" ? "geluTanh" : name));

export const gemma = likeLlama("gemma", {
  gguf: gemmaGguf,
  ...gemmaParts,
  fields: () => ({ hidden_activation: always("gelu_pytorch_tanh") }), // what hidden_act says counts
  activation: field("hidden_act", () => approximated),
  longest: count("max_position_embeddings", 8192),
});
