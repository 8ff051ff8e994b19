/** Gemma in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { gemmaConfig, gemmaNames } from "../shared/gemma-gguf.js";

export const gemmaGguf: GgufArchitecture = {
  config: (metadata) => gemmaConfig(metadata, "gemma"),
  modules: () => gemmaNames(),
};
