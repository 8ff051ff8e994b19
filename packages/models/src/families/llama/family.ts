/** Llama and everything published in its layout (`model_type: "llama"`): RMSNorm, rotary positions, gated MLP. */
import { likeLlama } from "../shared/like-llama.js";
import { flag } from "../shared/part.js";
import { llamaGguf } from "./gguf.js";

export const llama = likeLlama("llama", {
  mlpBias: flag("mlp_bias", false),
  gguf: llamaGguf,
});
