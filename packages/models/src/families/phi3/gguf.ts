/** Phi 3 in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import type { GgufMetadata } from "../../checkpoint/gguf/gguf-metadata.js";
import { stackedGateUp, stackedQkv } from "../../checkpoint/table/fused-weights.js";
import { ggufNames, ggufSizes } from "../shared/gguf.js";

export const phi3Gguf: GgufArchitecture = {
  config: phi3Config,
  modules: ({ layers: [{ attention, mlp }] }) => ({
    ...ggufNames,
    "blk.*.attn_qkv": stackedQkv(attention),
    "blk.*.ffn_up": stackedGateUp(mlp.hidden),
  }),
};

function phi3Config(metadata: GgufMetadata): Record<string, unknown> {
  const [hidden, heads] = ["embedding_length", "attention.head_count"].map((key) =>
    Number(metadata.value(key)),
  );
  const turning = metadata.value("rope.dimension_count");
  return {
    ...ggufSizes(metadata),
    rms_norm_eps: metadata.value("attention.layer_norm_rms_epsilon"),
    sliding_window: metadata.value("attention.sliding_window") || undefined,
    ...(turning !== undefined && { partial_rotary_factor: (Number(turning) * heads) / hidden }),
  };
}
