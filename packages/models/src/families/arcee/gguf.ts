/** Arcee in GGUF files. */
import type { GgufArchitecture } from "../../checkpoint/gguf/gguf-architecture.js";
import { llamaLikeGguf, pairedNames } from "../shared/gguf.js";

export const arceeGguf: GgufArchitecture = {
  config: llamaLikeGguf,
  modules: ({ layers: [{ attention }] }) => pairedNames(attention),
};
