/** Qwen 3.5, text only (`model_type: "qwen3_5_text"`): gated delta layers, each fourth layer gated attention, dense MLPs. */
import { likeHybridLlama } from "../shared/like-llama.js";
import { count } from "../shared/part.js";
import { qwen35Parts } from "../shared/qwen35.js";

export const qwen35Text = likeHybridLlama("qwen3_5_text", {
  ...qwen35Parts,
  mlpWidth: count("intermediate_size", 12_288),
});
