/** Finds the folder that a name stands for: a model that comes along, a folder, or a download from the hub. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brief, InvalidArgumentError } from "@mlxterp/mlx";
import { CheckpointNotFoundError } from "../../errors.js";
import { adapterFiles } from "../../hub/hub-files.js";
import { fetchHubModel, type HubOptions } from "../../hub/hub-model.js";

const bundled = ["tiny"];
const hubId = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/**
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), HubError (`HUB`); InvalidArgumentError (`INVALID_ARGUMENT`)
 * for a source that is no text, such as a variable that was not set
 */
export async function locateModel(source: string, options: HubOptions): Promise<string> {
  if (typeof source !== "string") {
    const rule = `it must be the name of a folder, a hub id, or ${bundled.join(", ")}; ${brief(source)} is none.`;
    throw new InvalidArgumentError("source", source, rule);
  }
  if (bundled.includes(source)) return bundledFolder(source);
  if (existsSync(source)) return source;
  if (hubId.test(source)) return fetchHubModel(source, options);
  throw new CheckpointNotFoundError(
    source,
    [source],
    `Name a folder, a hub id such as "org/name", or ${bundled.join(", ")}.`,
  );
}

/**
 * A revision is one of the base model; adapters come from their main branch.
 *
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), HubError (`HUB`)
 */
export async function locateAdapter(source: string, options: HubOptions): Promise<string> {
  if (existsSync(source)) return source;
  if (hubId.test(source)) {
    return fetchHubModel(source, { ...options, revision: undefined }, adapterFiles);
  }
  throw new CheckpointNotFoundError(source, [source], "Name a folder or a hub id with an adapter.");
}

/** `weights/<name>` of this package: the same distance from its sources as from its build, or nearly. */
function bundledFolder(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  return join(folder, "weights", name);
}
