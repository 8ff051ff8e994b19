/** The one check of options: JavaScript alone would pass over a misspelt name or value in silence. */
import { InvalidArgumentError } from "./invalid-argument.js";
import { didYouMean } from "./nearest.js";

/** All options of an interface; the compiler sees that none is forgotten. */
export type OptionNames<T> = Readonly<Record<keyof Required<T>, true>>;

/**
 * Refuses what is no object of options, and names that no option has.
 *
 * @param of whose options they are, such as `loadModel`
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) naming the first that does not exist, and the nearest that does
 * @example
 * checkOptions<{ topK?: number }>("logitLens", { topK: 5 }, { topK: true });
 */
export function checkOptions<T extends object>(
  of: string,
  options: T,
  known: OptionNames<T>,
): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(`${of}: options`, options, "they must be an object.");
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const value = (options as Readonly<Record<string, unknown>>)[unknown];
  const names = Object.keys(known).sort();
  const hint = didYouMean(unknown, names);
  const rule = `there is no such option. ${hint}Options are ${names.join(", ")}.`;
  throw new InvalidArgumentError(`${of}: ${unknown}`, value, rule);
}

/**
 * Refuses a value that is none of a few words.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) with the words there are
 * @example
 * checkChoice("direction", "noising", ["denoising", "noising"]); // "noising"
 */
export function checkChoice<const T extends string>(
  argument: string,
  value: unknown,
  choices: readonly T[],
): T {
  if (choices.includes(value as T)) return value as T;
  const hint = typeof value === "string" ? didYouMean(value, choices) : "";
  const rule = `must be one of ${choices.map((one) => `"${one}"`).join(", ")}. ${hint}`.trimEnd();
  throw new InvalidArgumentError(argument, value, rule);
}
