/** GLM-4 of 2024 (`model_type: "glm"`): Llama's layout with half of each head rotated in neighbouring pairs. */
import { stackedGateUp } from "../../checkpoint/table/fused-weights.js";
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { count, flag } from "../shared/part.js";
import { partlyRotary } from "../shared/rope-parts.js";

export const glm = likeLlama("glm", {
  longest: count("max_position_embeddings", 131_072),
  headDim: count("head_dim", 128),
  attentionBias: flag("attention_bias", true),
  outputBias: false,
  norm: rmsNorm(1.5625e-7),
  rope: partlyRotary({ share: 0.5, interleaved: true }),
  names: ({ layers: [{ mlp }] }) => ({ "layers.*.mlp.gate_up_proj": stackedGateUp(mlp.hidden) }),
});
