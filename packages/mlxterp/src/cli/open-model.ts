/** Loads the model of an invocation; only here does the command need the binding. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { HubError, LanguageModel } from "@mlxterp/models";
import { UsageError } from "./failure.js";
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
  const bar = progress(`loading ${name}`);
  try {
    return await loadModel(sourceFrom(name, io.folder), {
      signal: io.signal,
      onProgress: ({ loaded, total }) => bar.update({ done: loaded, total }),
    });
  } catch (error) {
    throw unreachable(error) ? new UsageError(`--model ${error.message}`, { cause: error }) : error;
  } finally {
    bar.stop();
  }
}

/** The source as given, which is how results name the model; its full path only where the process stands elsewhere. */
function sourceFrom(name: string, folder: string): string {
  const path = resolve(folder, name);
  return name !== "tiny" && path !== resolve(name) && existsSync(path) ? path : name;
}

/** A hub that does not answer; the argument is then no name of anything that can be had. */
function unreachable(error: unknown): error is HubError {
  const { code, status } = error as Partial<HubError>;
  return code === "HUB" && status === undefined;
}
