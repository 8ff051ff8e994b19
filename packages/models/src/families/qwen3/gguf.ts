/** Qwen 3 in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { ggufNames, ggufQueryKeyNames, llamaLikeGguf } from "../shared/gguf.js";

export const qwen3Gguf: GgufArchitecture = {
  config: llamaLikeGguf,
  modules: () => ({ ...ggufNames, ...ggufQueryKeyNames }),
};
