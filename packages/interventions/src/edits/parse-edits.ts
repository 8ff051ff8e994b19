/** From JSON to the edits of a view. */
import type { NamedEdit } from "@mlxterp/core";
import { parseRecord } from "../parse-json.js";
import { schemaError } from "../schema-error.js";
import { editsFrame } from "./edits-json.js";

/**
 * Makes edits from their JSON form, for `model.withEdits`.
 *
 * @param json as `editsToJSON` writes it, or written by hand
 * @throws InvalidInterventionError (`INVALID_INTERVENTION`) with the path and the value that is wrong
 * @example
 * const json = { version: 1, edits: [{ name: "calm", interventions: { "layers.2": { type: "scale", factor: 0.5 } } }] };
 * const calm = model.withEdits(parseEdits(json));
 */
export function parseEdits(json: unknown): NamedEdit[] {
  const result = editsFrame.safeParse(json);
  if (!result.success) throw schemaError(result.error, json, []);
  return result.data.edits.map(({ name, interventions }, index) => ({
    name,
    interventions: parseRecord(interventions, ["edits", index, "interventions"]),
  }));
}
