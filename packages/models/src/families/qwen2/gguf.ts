/** Qwen 2 in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { ggufNames, llamaLikeGguf } from "../shared/gguf.js";

export const qwen2Gguf: GgufArchitecture = { config: llamaLikeGguf, modules: () => ggufNames };
