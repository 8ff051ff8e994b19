/** StarCoder 2 in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { ggufNames, ggufSizes } from "../shared/gguf.js";

export const starcoder2Gguf: GgufArchitecture = {
  config: (metadata) => ({
    ...ggufSizes(metadata),
    norm_epsilon: metadata.value("attention.layer_norm_epsilon"),
    sliding_window: metadata.value("attention.sliding_window"),
  }),
  modules: () => ggufNames,
};
