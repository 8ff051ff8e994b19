/** Interventions that know what they are: a function with a description of itself attached. */
import {
  checkInterventions,
  type Intervention,
  type Interventions,
  type SkipOptions,
  skipOptions,
} from "@mlxterp/core";
import { formatPath, NotSerializableError } from "./errors.js";
import type { InterventionJson, InterventionsJson } from "./json.js";
import { requireFunction } from "./validate.js";

/** Where in a larger structure something stands. */
export type Path = readonly (string | number)[];

/** Writes an intervention as data; `path` is for the error when it cannot. */
export type Describe = (path: Path) => InterventionJson;

/** Shared between several installed copies of this package. */
const specification = Symbol.for("mlxterp.intervention");

interface Specified {
  readonly [specification]?: Describe;
}

/** Gives a function its name and its description. */
export function specify(name: string, apply: Intervention, describe: Describe): Intervention {
  Object.defineProperty(apply, "name", { value: name });
  return Object.assign(apply, { [specification]: describe });
}

/** Describes one intervention; combinators call this for what they hold. */
export function describe(intervention: Intervention, path: Path): InterventionJson {
  const known = (intervention as Specified)[specification];
  if (known) return known(path);
  const skipped = skipOptions(intervention);
  if (skipped) return describeSkip(skipped, path);
  throw new NotSerializableError(
    formatPath(path),
    `${intervention.name || "an anonymous function"} is a function of yours, not data. Build it from the interventions of this package, or keep it in code.`,
  );
}

/** A skip is made in the core, which knows no JSON. */
function describeSkip({ output }: SkipOptions, path: Path): InterventionJson {
  if (typeof output !== "function") return { type: "skip", ...(output && { output }) };
  const reason = "the output of this skip is a function of yours. Name it, or keep it in code.";
  throw new NotSerializableError(formatPath([...path, "output"]), reason);
}

/**
 * Writes an intervention as plain data, from which `parseIntervention` makes it again. Evaluates the arrays it holds.
 *
 * @param intervention one made by this package
 * @throws NotSerializableError (`NOT_SERIALIZABLE`) for a function of your own, `patchFrom`, or an array that is too large,
 *   naming the part
 * @example
 * toJSON(atHeads([4], scale(0.5)));
 * // { type: "atHeads", heads: [4], intervention: { type: "scale", factor: 0.5 } }
 */
export function toJSON(intervention: Intervention): InterventionJson {
  requireFunction("intervention", intervention);
  return describe(intervention, []);
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
  return Object.fromEntries(
    Object.entries(interventions).map(([site, given]) => [
      site,
      Array.isArray(given)
        ? given.map((one: unknown, index) => describeOne(one, [site, index]))
        : describeOne(given, [site]),
    ]),
  );
}

function describeOne(intervention: unknown, path: Path): InterventionJson {
  requireFunction(formatPath(path), intervention);
  return describe(intervention as Intervention, path);
}
