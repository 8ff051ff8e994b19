/** Refuses options that do not exist; JavaScript alone would pass over a misspelt one in silence. */
import { InvalidArgumentError } from "@mlxterp/mlx";

/** All options of an interface; the compiler sees that none is forgotten. */
export type OptionNames<T> = Readonly<Record<keyof Required<T>, true>>;

/**
 * @param of what they are options of, such as `loadModel`
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) naming the first that does not exist
 */
export function checkOptionNames<T extends object>(
  of: string,
  options: T,
  known: OptionNames<T>,
): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const value = (options as Readonly<Record<string, unknown>>)[unknown];
  const rule = `there is no such option. Options are ${Object.keys(known).sort().join(", ")}.`;
  throw new InvalidArgumentError(`${of}: ${unknown}`, value, rule);
}
