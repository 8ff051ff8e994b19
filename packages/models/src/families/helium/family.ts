/** Helium (`model_type: "helium"`): Llama's layout with neighbouring pairs rotated. */
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { count, flag } from "../shared/part.js";
import { rotary } from "../shared/rope-parts.js";

export const helium = likeLlama("helium", {
  longest: count("max_position_embeddings", 4096),
  norm: rmsNorm(1e-8),
  headDim: count("head_dim", 128),
  outputBias: false,
  rope: rotary({ interleaved: true, base: 100_000 }),
  mlpBias: flag("mlp_bias", false),
});
