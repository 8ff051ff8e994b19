/** Loads the model of an invocation; only here does the command need the binding. */
import type { LanguageModel } from "@mlxterp/models";
import { loadOptionsOf, type ModelValues, sourceFrom } from "./arguments/model-options.js";
import type { CliIo } from "./terminal/io.js";
import type { Progress } from "./terminal/progress.js";

/**
 * @param values the model, `tiny` by default, and how it is loaded; folders are relative to the current one
 * @throws UsageError, BindingUnavailableError (`BINDING_UNAVAILABLE`), and whatever `loadModel` throws
 */
export async function openModel(
  values: ModelValues,
  io: CliIo,
  progress: (label: string) => Progress,
): Promise<LanguageModel> {
  const options = loadOptionsOf(values, io.folder);
  const { loadModel } = await import("@mlxterp/models");
  const name = values.model ?? "tiny";
  const bar = progress(`loading ${name}`);
  try {
    return await loadModel(sourceFrom(name, io.folder), {
      ...options,
      signal: io.signal,
      onProgress: ({ file, loaded, total }) =>
        bar.update({ done: loaded, total, unit: "bytes", part: file }),
    });
  } finally {
    bar.stop();
  }
}
