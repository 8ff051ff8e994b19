/** From interventions to the text form, for command lines. */
import { checkInterventions, type Intervention, type Interventions } from "@mlxterp/core";
import { innerInterventions } from "../definition/fields.js";
import { describe } from "../definition/specification.js";
import { formatPath, NotSerializableError, type Path } from "../errors.js";
import { type KnownTypes, knownTypes, type ParseOptions } from "../json/known-types.js";
import { requireFunction } from "../values/validate.js";

/**
 * Writes an intervention as text, from which `parseInterventionText` makes it again.
 *
 * @param options `types` of your own, made by `defineIntervention`
 * @throws NotSerializableError (`NOT_SERIALIZABLE`) for what has no JSON form, and for values that the text form lacks (switches, texts of
 *   several words), naming the part
 * @example
 * interventionToText(atHeads([4, 7], scale(0.5))); // "atHeads(heads=[4, 7], intervention=scale(factor=0.5))"
 */
export function interventionToText(intervention: Intervention, options: ParseOptions = {}): string {
  const known = knownTypes("interventionToText", options);
  requireFunction("intervention", intervention);
  return textOf(describe(intervention, []), [], known);
}

/**
 * Writes a record of interventions as texts of the form `site=intervention`, from which `parseInterventionEntries` makes it again.
 *
 * @param options `types` of your own, made by `defineIntervention`
 * @throws NotSerializableError (`NOT_SERIALIZABLE`) naming the site and the part
 * @example
 * interventionsToEntries({ "layers.3.mlp": scale(0.5) }); // ["layers.3.mlp=scale(factor=0.5)"]
 */
export function interventionsToEntries(
  interventions: Interventions,
  options: ParseOptions = {},
): string[] {
  const known = knownTypes("interventionsToEntries", options);
  checkInterventions("interventions", interventions);
  return Object.entries(interventions).flatMap(([site, given]) =>
    [given].flat().map((one: unknown, index) => {
      requireFunction(formatPath([site, index]), one);
      return `${site}=${textOf(describe(one as Intervention, [site, index]), [site, index], known)}`;
    }),
  );
}

function textOf(value: unknown, path: Path, known: KnownTypes): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string" && /^(?:[A-Za-z_]\w*|-?Infinity)$/.test(value)) return value;
  if (Array.isArray(value)) return `[${listed(value, path, known)}]`;
  if (typeof value !== "object" || value === null) throw unwritten(value, path);
  if ("type" in value) return callOf(value as { type: string }, path, known);
  const { from = "", to = "", ...others } = value as { from?: number; to?: number };
  if (Object.keys(others).length > 0) throw unwritten(value, path);
  return `${from}..${to}`;
}

function callOf(json: { readonly type: string }, path: Path, known: KnownTypes): string {
  const { type, ...fields } = json;
  const definition = known.get(type);
  if (!definition) {
    throw new NotSerializableError(
      formatPath(path),
      `its type "${type}" is not known: name it in { types }.`,
    );
  }
  const [only, ...others] = Object.entries(definition.fields);
  const given = Object.entries(fields);
  if (others.length === 0 && only?.[1] === innerInterventions) {
    return `${type}(${listed(given[0][1] as unknown[], [...path, only[0]], known)})`;
  }
  const written = given.map(([name, one]) => `${name}=${textOf(one, [...path, name], known)}`);
  return `${type}(${written.join(", ")})`;
}

function listed(items: readonly unknown[], path: Path, known: KnownTypes): string {
  return items.map((one, index) => textOf(one, [...path, index], known)).join(", ");
}

function unwritten(value: unknown, path: Path): NotSerializableError {
  const rule = `the text form has no ${typeof value} like ${JSON.stringify(value)}; write JSON (toJSON).`;
  return new NotSerializableError(formatPath(path), rule);
}
