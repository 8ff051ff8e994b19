/** The edits of a view in a file. */
import { readFile } from "node:fs/promises";
import type { NamedEdit } from "@mlxterp/core";
import { checkPath, withFiles, writeFileAtomically } from "@mlxterp/mlx";
import { InvalidInterventionError } from "../errors.js";
import type { ParseOptions } from "../json/known-types.js";
import { type Edited, editsToJSON } from "./edits-to-json.js";
import { parseEdits } from "./parse-edits.js";

/**
 * Writes the edits of a view to a JSON file, which appears whole or not at all.
 *
 * @throws NotSerializableError (`NOT_SERIALIZABLE`) for a function of your own or another module, naming edit and site
 * @example
 * saveEdits(model.edit({ "layers.2": scale(0.5) }, { name: "calm" }), "calm.json");
 */
export function saveEdits(view: Edited, file: string): void {
  checkPath("file", file);
  writeFileAtomically(file, `${JSON.stringify(editsToJSON(view), undefined, 2)}\n`);
}

/**
 * Reads edits from a file that `saveEdits` wrote, for `model.withEdits`.
 *
 * @param options `types` of your own, made by `defineIntervention`
 * @throws InvalidInterventionError (`INVALID_INTERVENTION`) with the path and the value that is wrong; FileAccessError
 *   (`FILE_ACCESS`) for a file that is not there
 * @example
 * saveEdits(model.edit({ "layers.2": scale(0.5) }), "calm.json");
 * const calm = model.withEdits(await loadEdits("calm.json"));
 */
export async function loadEdits(file: string, options: ParseOptions = {}): Promise<NamedEdit[]> {
  checkPath("file", file);
  const text = await withFiles(file, () => readFile(file, "utf8"));
  return parseEdits(parseText(text, file), options);
}

function parseText(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new InvalidInterventionError([file], text, "is not JSON.", { cause });
  }
}
