/** Phi 3 and 4-mini (`model_type: "phi3"`): Llama's layout with fused projections, a window and longrope. */
import { stackedGateUp, stackedQkv } from "../../checkpoint/table/fused-weights.js";
import { always, size, withDefault } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { count, part } from "../shared/part.js";
import { partialRopeFields } from "../shared/rope-json.js";
import { slidingWindow } from "../shared/windows.js";
import { phi3Gguf } from "./gguf.js";

// The original length counts whatever the rope parameters say.
const ropeFields = {
  ...partialRopeFields,
  original_max_position_embeddings: withDefault(size, 4096),
};

export const phi3 = likeLlama("phi3", {
  // As Phi 4-mini writes them; no other values are published.
  fields: () => ({ full_attn_mod: always(1), interpolate_factor: always(1) }),
  longest: count("max_position_embeddings", 4096),
  norm: rmsNorm(1e-5),
  attentionBias: false,
  rope: part(
    () => ropeFields,
    (fields) => ({ fields }),
  ),
  window: slidingWindow(null),
  names: ({ layers: [{ attention, mlp }] }) => ({
    "layers.*.self_attn.qkv_proj": stackedQkv(attention),
    "layers.*.mlp.gate_up_proj": stackedGateUp(mlp.hidden),
  }),
  gguf: phi3Gguf,
});
