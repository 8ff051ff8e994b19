/** From JSON to the edits of a view. */
import type { NamedEdit } from "@mlxterp/core";
import { knownTypes, type ParseOptions } from "../json/known-types.js";
import { Parser } from "../json/parse-json.js";
import { schemaError } from "../json/schema-error.js";
import { editsFrame } from "./edits-json.js";

/**
 * Makes edits from their JSON form, for `model.withEdits`.
 *
 * @param json as `editsToJSON` writes it, or written by hand
 * @param options `types` of your own, made by `defineIntervention`
 * @throws InvalidInterventionError (`INVALID_INTERVENTION`) with the path and the value that is wrong
 * @example
 * const json = { version: 1, edits: [{ name: "calm", interventions: { "layers.2": { type: "scale", factor: 0.5 } } }] };
 * const calm = model.withEdits(parseEdits(json));
 */
export function parseEdits(json: unknown, options: ParseOptions = {}): NamedEdit[] {
  const parser = new Parser(knownTypes("parseEdits", options));
  const result = editsFrame.safeParse(json);
  if (!result.success) throw schemaError(result.error, json, []);
  return result.data.edits.map(({ name, interventions }, index) => ({
    name,
    interventions: parser.record(interventions, ["edits", index, "interventions"]),
  }));
}
