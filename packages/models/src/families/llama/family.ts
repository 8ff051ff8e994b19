/** Llama and everything published in its layout (`model_type: "llama"`): RMSNorm, rotary positions, gated MLP. */
import { likeLlama } from "../shared/like-llama.js";
import { flag } from "../shared/part.js";

export const llama = likeLlama("llama", { mlpBias: flag("mlp_bias", false) });
