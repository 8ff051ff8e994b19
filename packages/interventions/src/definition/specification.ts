/** Interventions that know what they are: a function with a description of itself attached. */
import { type Intervention, type SkipOptions, skipOptions } from "@mlxterp/core";
import { formatPath, NotSerializableError, type Path } from "../errors.js";

/** An intervention as plain data, of whatever type. */
export interface AnyInterventionJson {
  readonly type: string;
}

/** Writes an intervention as data; `path` is for the error when it cannot. */
export type Describe = (path: Path) => AnyInterventionJson;

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
export function describe(intervention: Intervention, path: Path): AnyInterventionJson {
  const known = (intervention as Specified)[specification];
  if (known) return known(path);
  const skipped = skipOptions(intervention);
  if (skipped) return describeSkip(skipped, path);
  throw new NotSerializableError(
    formatPath(path),
    `${intervention.name || "an anonymous function"} is a function of yours, not data. Build it from the interventions of this package, define it with defineIntervention, or keep it in code.`,
  );
}

/** A skip is made in the core, which knows no JSON. */
function describeSkip({ output }: SkipOptions, path: Path): AnyInterventionJson {
  if (typeof output !== "function") return { type: "skip", ...(output && { output }) };
  const reason = "the output of this skip is a function of yours. Name it, or keep it in code.";
  throw new NotSerializableError(formatPath([...path, "output"]), reason);
}
