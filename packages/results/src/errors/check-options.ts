/** The one check of options: JavaScript alone would pass over a misspelt name or value in silence. */
import { InvalidArgumentError } from "./invalid-argument.js";
import { isRecord } from "./kinds-of-values.js";
import { didYouMean } from "./nearest.js";
import {
  checkFunction,
  checkRecord,
  checkText,
  checkTexts,
  type OptionRule,
} from "./option-rules.js";

/**
 * All options of an interface, each with the rule of its values, or `true` where that is checked elsewhere; the compiler
 * sees that none is forgotten.
 */
export type OptionNames<T> = Readonly<Record<keyof Required<T>, true | OptionRule>>;

/**
 * Refuses what is no object of options (a `Map` or a promise holds none by name), names that no option has, and values
 * that break the rule of their option. An option that is undefined is one that was left out; one that is inherited or not
 * enumerable is refused, since copies of the options would be without it.
 *
 * @param of whose options they are, such as `loadModel`
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) naming the first that does not exist, and the nearest that does; or
 * the first with a wrong value
 * @example
 * checkOptions<{ topK?: number }>("logitLens", { topK: 5 }, { topK: true });
 */
export function checkOptions<T extends object>(
  of: string,
  options: T,
  known: OptionNames<T>,
): void {
  checkText("of", of);
  if (!isRecord(options)) {
    throw new InvalidArgumentError(`${of}: options`, options, "they must be an object.");
  }
  checkRecord("known", known);
  const given = options as Readonly<Record<string, unknown>>;
  const unknown = namesIn(given).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) {
    checkValues(of, given, known);
    return;
  }
  const names = Object.keys(known).sort();
  const hint = didYouMean(unknown, names);
  const rule = `there is no such option. ${hint}Options are ${names.join(", ")}.`;
  throw new InvalidArgumentError(`${of}: ${unknown}`, readIn(given, unknown), rule);
}

/** For the error alone, which is about the name: what cannot be read is left out. */
function readIn(given: Readonly<Record<string, unknown>>, name: string): unknown {
  try {
    return given[name];
  } catch {
    return undefined;
  }
}

function checkValues(
  of: string,
  given: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, true | OptionRule>>,
): void {
  for (const [name, rule] of Object.entries(known)) {
    const { [name]: value } = given;
    if (value === undefined) continue;
    if (!Object.prototype.propertyIsEnumerable.call(given, name)) {
      const way = "it is inherited or hidden, and copies of the options would be without it. Name it in the object itself."; // biome-ignore format: one text
      throw new InvalidArgumentError(`${of}: ${name}`, value, way);
    }
    if (rule === true) continue;
    checkFunction(`the rule of ${name}`, rule);
    rule(name, value);
  }
}

/** Inherited ones too: who reads an option finds them, who copies options does not. */
function namesIn(given: object): string[] {
  const names: string[] = [];
  for (const name in given) names.push(name);
  return names;
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
  checkTexts("choices", choices);
  if (choices.includes(value as T)) return value as T;
  const hint = typeof value === "string" ? didYouMean(value, choices) : "";
  const rule = `must be one of ${choices.map((one) => `"${one}"`).join(", ")}. ${hint}`.trimEnd();
  throw new InvalidArgumentError(argument, value, rule);
}

/**
 * The rule of an option that is one of a few words.
 *
 * @example
 * oneOf("mean", "zero")("method", "zero");
 */
export function oneOf(...choices: readonly string[]): OptionRule {
  return (argument, value) => void checkChoice(argument, value, choices);
}
