/** Arcee AFM (`model_type: "arcee"`): Llama with a plain MLP of squared ReLU. */
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { count, flag, nonlinearity } from "../shared/part.js";
import { arceeGguf } from "./gguf.js";

export const arcee = likeLlama("arcee", {
  longest: count("max_position_embeddings", 4096),
  norm: rmsNorm(1e-5),
  activation: nonlinearity("hidden_act", "reluSquared"),
  gated: false,
  mlpBias: flag("mlp_bias", false),
  gguf: arceeGguf,
});
