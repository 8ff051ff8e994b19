/** From interventions to JSON. */
import { checkInterventions, type Intervention, type Interventions } from "@mlxterp/core";
import type { InterventionJson, InterventionsJson } from "../built-in/built-in.js";
import { type AnyInterventionJson, describe } from "../definition/specification.js";
import { formatPath, type Path } from "../errors.js";
import { requireFunction } from "../values/validate.js";

/**
 * Writes an intervention as plain data, from which `parseIntervention` makes it again. Evaluates the arrays it holds.
 *
 * @param intervention one made by this package, or by a definition of yours, whose type its result then has
 * @throws NotSerializableError (`NOT_SERIALIZABLE`) for a function of your own, `patchFrom`, or an array that is too large,
 *   naming the part
 * @example
 * toJSON(atHeads([4], scale(0.5)));
 * // { type: "atHeads", heads: [4], intervention: { type: "scale", factor: 0.5 } }
 */
export function toJSON(intervention: Intervention): InterventionJson {
  requireFunction("intervention", intervention);
  return describe(intervention, []) as InterventionJson;
}

/**
 * Writes a whole record of interventions as plain data, from which `parseInterventions` makes it again.
 *
 * @throws NotSerializableError (`NOT_SERIALIZABLE`) naming the site and the part
 * @example
 * interventionsToJSON({ "layers.3.mlp": scale(0.5) });
 * // { "layers.3.mlp": { type: "scale", factor: 0.5 } }
 */
export function interventionsToJSON(interventions: Interventions): InterventionsJson {
  checkInterventions("interventions", interventions);
  const written = Object.entries(interventions).map(([site, given]) => [
    site,
    Array.isArray(given)
      ? given.map((one: unknown, index) => describeOne(one, [site, index]))
      : describeOne(given, [site]),
  ]);
  return Object.fromEntries(written) as InterventionsJson;
}

function describeOne(intervention: unknown, path: Path): AnyInterventionJson {
  requireFunction(formatPath(path), intervention);
  return describe(intervention as Intervention, path);
}
