/** ERNIE 4.5 (`model_type: "ernie4_5"`): Llama's layout with neighbouring pairs rotated, and one switch for all biases. */
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { count, flag } from "../shared/part.js";
import { headWidth } from "../shared/plain-parts.js";
import { rotary } from "../shared/rope-parts.js";
import { ernie45Gguf } from "./gguf.js";

export const ernie45 = likeLlama("ernie4_5", {
  longest: count("max_position_embeddings", 131_072),
  norm: rmsNorm(1e-5),
  headDim: headWidth(128),
  attentionBias: flag("use_bias", false),
  mlpBias: flag("use_bias", false),
  rope: rotary({ interleaved: true, base: 500_000 }),
  tied: flag("tie_word_embeddings", true),
  gguf: ernie45Gguf,
});
