/** From the edits of a view to JSON. */

import { checkEdits, type ModelEdits, type ModuleEdit, type NamedEdit } from "@mlxterp/core";
import { checkRecord } from "@mlxterp/mlx";
import { NotSerializableError } from "../errors.js";
import { interventionsToJSON } from "../json/to-json.js";
import type { EditsJson } from "./edits-json.js";

/** Whatever has edits: a view of a model. */
export interface Edited {
  readonly edits: readonly NamedEdit[];
}

/**
 * Writes the edits of a view as plain data, from which `parseEdits` makes them again. Evaluates the arrays they hold.
 *
 * @throws NotSerializableError (`NOT_SERIALIZABLE`) for a function of your own or another module, naming edit and site
 * @example
 * const steered = model.edit({ "layers.2": scale(0.5) }, { name: "calm" });
 * editsToJSON(steered);
 * // { version: 1, edits: [{ name: "calm", interventions: { "layers.2": { type: "scale", factor: 0.5 } } }] }
 */
export function editsToJSON(view: Edited): EditsJson {
  checkRecord("view", view);
  const { edits } = view;
  checkEdits("edits", edits);
  const written = edits.map(({ name, interventions }) => {
    requireNoModules(name, interventions);
    try {
      return { name, interventions: interventionsToJSON(interventions) };
    } catch (error) {
      if (!(error instanceof NotSerializableError)) throw error;
      throw new NotSerializableError(`${error.part} of edit "${name}"`, error.reason);
    }
  });
  return { version: 1, edits: written };
}

type WithoutModules = Parameters<typeof interventionsToJSON>[0];

function requireNoModules(
  name: string,
  interventions: ModelEdits,
): asserts interventions is WithoutModules {
  for (const [site, given] of Object.entries(interventions)) {
    const found = [given].flat().find((change) => typeof change !== "function");
    if (!found) continue;
    const { type } = found as ModuleEdit;
    const reason = `${type} holds a module, not data. Save its weights, and make the edit in code.`;
    throw new NotSerializableError(`${site} of edit "${name}"`, reason);
  }
}
