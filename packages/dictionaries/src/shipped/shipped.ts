/** The small dictionaries that ship with the package, for the model `tiny`. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkModel } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { DictionaryModel } from "../shared/model.js";

type Shipped = "dictionary" | "transcoders" | "crosscoder";

/** What each is, and who trains another. */
const kinds = {
  dictionary: { what: "the one that ships", training: "trainDictionary" },
  transcoders: {
    what: "those that ship",
    training: 'trainDictionary with kind "transcoder", saveTranscoders',
  },
  crosscoder: { what: "the one that ships", training: "trainCrosscoder" },
} as const;

/**
 * Refuses what ships where the model is another: its places may be missing there, or hold what it was not trained on.
 *
 * @param kind the name of the option, too
 * @param orElse what else the option may be, such as ` or "none"`
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function checkShipped(
  model: Pick<DictionaryModel, "name">,
  kind: Shipped,
  path: string,
  orElse = "",
): void {
  checkModel("model", model);
  const { name } = model;
  if (path !== "tiny" || name === "tiny") return;
  const { what, training } = kinds[kind];
  const rule = `"tiny" means ${what} for the model tiny, and this model is ${name}. Name a folder with what was trained for this model, here or of a hub (owner/name/folder)${orElse}. Training is in @mlxterp/dictionaries (${training}).`;
  throw new InvalidArgumentError(kind, path, rule);
}

/** The folder behind the name `tiny`; any other path is itself. */
export function shippedFolder(kind: Shipped, path: string): string {
  return path === "tiny" ? join(dataFolder(), `tiny-${kind}`) : path;
}

/** The same distance from the sources as from the build, or nearly. */
function dataFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 4; up++) {
    if (existsSync(join(folder, "data"))) return join(folder, "data");
    folder = dirname(folder);
  }
  return join(folder, "data");
}
