/** Loads the model of an invocation; only here does the command need the binding. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { LanguageModel } from "@mlxterp/models";
import type { CliIo } from "./io.js";
import type { Progress } from "./progress.js";

/**
 * @param source `tiny`, a folder relative to the current one, or a hub id
 * @throws BindingUnavailableError (`BINDING_UNAVAILABLE`), and whatever `loadModel` throws
 */
export async function openModel(
  source: string | undefined,
  io: CliIo,
  progress: (label: string) => Progress,
): Promise<LanguageModel> {
  const { loadModel } = await import("@mlxterp/models");
  const name = source ?? "tiny";
  const folder = resolve(io.folder, name);
  const bar = progress(`loading ${name}`);
  try {
    return await loadModel(name !== "tiny" && existsSync(folder) ? folder : name, {
      signal: io.signal,
      onProgress: ({ loaded, total }) => bar.update({ done: loaded, total }),
    });
  } finally {
    bar.stop();
  }
}
