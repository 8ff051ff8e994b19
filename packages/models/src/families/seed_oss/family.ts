/** Seed-OSS (`model_type: "seed_oss"`): Llama's layout with wide heads and biases on queries, keys and values. */
import { likeLlama } from "../shared/like-llama.js";
import { count, flag } from "../shared/part.js";
import { headWidth } from "../shared/plain-parts.js";
import { seedOssGguf } from "./gguf.js";

export const seedOss = likeLlama("seed_oss", {
  longest: count("max_position_embeddings", 524_288),
  headDim: headWidth(128),
  attentionBias: flag("attention_bias", true),
  outputBias: flag("attention_out_bias", false),
  mlpBias: flag("mlp_bias", false),
  gguf: seedOssGguf,
});
