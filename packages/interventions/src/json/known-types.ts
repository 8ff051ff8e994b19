/** Which types of interventions a parser knows: the built-in ones, and those of the caller. */
import { checkList, checkOptions, InvalidArgumentError } from "@mlxterp/mlx";
import { builtIn } from "../built-in/built-in.js";
import type { AnyInterventionDefinition } from "../definition/define-intervention.js";

/** Options of everything that reads interventions. */
export interface ParseOptions {
  /** Interventions of your own, made by `defineIntervention`, that may occur beside the built-in ones. */
  readonly types?: readonly AnyInterventionDefinition[];
}

/** Definitions by their type. */
export type KnownTypes = ReadonlyMap<string, AnyInterventionDefinition>;

const builtInTypes: KnownTypes = new Map(builtIn.map((one) => [one.type, one]));

/**
 * The types that options add to the built-in ones.
 *
 * @param of whose options they are
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no definition, and for a name that is taken
 */
export function knownTypes(of: string, options: ParseOptions): KnownTypes {
  checkOptions<ParseOptions>(of, options, { types: checkList });
  if (options.types === undefined) return builtInTypes;
  const known = new Map(builtInTypes);
  for (const [index, one] of options.types.entries()) {
    const { type, fields, create } = ((one as unknown) ?? {}) as Partial<AnyInterventionDefinition>;
    if (typeof type !== "string" || !fields || typeof create !== "function") {
      const rule = "must be what defineIntervention returns.";
      throw new InvalidArgumentError(`types[${index}]`, one, rule);
    }
    if (known.has(type) && known.get(type) !== one) {
      const rule = `there is an intervention "${type}" already; name yours otherwise.`;
      throw new InvalidArgumentError(`types[${index}]`, type, rule);
    }
    known.set(type, one);
  }
  return known;
}
