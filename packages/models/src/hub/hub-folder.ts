/** A folder of a hub repository, for what is no model: dictionaries, transcoders, crosscoders. */
import { join } from "node:path";
import { checkText, InvalidArgumentError } from "@mlxterp/mlx";
import { folderFiles } from "./hub-files.js";
import { fetchHubModel, type HubOptions } from "./hub-model.js";

export interface HubFolderOptions extends HubOptions {
  /** The folder in the repository, such as `layer_20/width_16k/average_l0_71`. Default: its root. */
  readonly folder?: string;
}

const hubId = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/**
 * Downloads the settings and tensors of one folder of a hub repository into the same cache as models, with the same checks, and says
 * where they lie. What they are, is told by whoever reads them: `loadDictionary`, `loadTranscoders`, `loadCrosscoder`.
 *
 * @param id such as `google/gemma-scope-2b-pt-res`
 * @throws as `loadModel`; CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`) for a folder without such files
 * @example
 * import { existsSync } from "node:fs";
 * const options = { folder: "layer_20/width_16k/average_l0_71", offline: true };
 * if (existsSync("gemma-scope")) await fetchHubFolder("google/gemma-scope-2b-pt-res", options);
 */
export async function fetchHubFolder(id: string, options: HubFolderOptions = {}): Promise<string> {
  const { folder = "", ...hub } = options;
  if (typeof id !== "string" || !hubId.test(id)) {
    throw new InvalidArgumentError("id", id, 'must be a hub id such as "org/name".');
  }
  checkText("folder", folder);
  const parts = folder.split("/").filter((part) => part !== "");
  if (parts.some((part) => !/^[\w-][\w. -]*$/.test(part))) {
    throw new InvalidArgumentError("folder", folder, "must be a path inside the repository.");
  }
  const place = parts.join("/");
  return join(await fetchHubModel(id, hub, folderFiles(place)), place);
}
