/** The kinds of options a command can have; each reads its own text. */
import { UsageError } from "./failure.js";

/** One option: how it is shown, and how its text becomes a value. */
export interface Option<T> {
  readonly description: string;
  /** Shown for the value, such as `<n>`; undefined for switches, which take none. */
  readonly placeholder: string | undefined;
  /** Whether it may be given several times. */
  readonly repeatable: boolean;
  /** @param given every text that was given; empty when the option is absent */
  read(given: readonly string[], name: string): T;
}

/** Options by name, without the dashes. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values that a table of options reads. */
export type OptionValues<O extends OptionTable> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

interface Described {
  readonly description: string;
  readonly placeholder?: string;
}

/** On when given. */
export function toggle(description: string): Option<boolean> {
  return {
    description,
    placeholder: undefined,
    repeatable: false,
    read: (given) => given.length > 0,
  };
}

function single<T>(shape: Described, read: (text: string, name: string) => T) {
  const { description, placeholder = "text" } = shape;
  return {
    description,
    placeholder,
    repeatable: false,
    read: ([text]: readonly string[], name: string) =>
      text === undefined ? undefined : read(text, name),
  };
}

/** Any text; undefined when absent. */
export function text(description: string, placeholder?: string): Option<string | undefined> {
  return single({ description, placeholder }, (value) => value);
}

/** Texts in the order given, perhaps none. */
export function texts(description: string, placeholder: string): Option<readonly string[]> {
  return { description, placeholder, repeatable: true, read: (given) => given };
}

interface NumberRules {
  readonly integer?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly placeholder?: string;
}

/** A number within its limits; undefined when absent. */
export function number(description: string, rules: NumberRules = {}): Option<number | undefined> {
  const { integer = false, minimum = -Infinity, maximum = Infinity, placeholder = "n" } = rules;
  return single({ description, placeholder }, (value, name) => {
    const parsed = value.trim() === "" ? Number.NaN : Number(value);
    const fits = parsed >= minimum && parsed <= maximum && Number.isFinite(parsed);
    if (fits && (!integer || Number.isInteger(parsed))) return parsed;
    const kind = integer ? "an integer" : "a number";
    throw new UsageError(`--${name} needs ${kind}${limits(minimum, maximum)}, not "${value}".`);
  });
}

function limits(minimum: number, maximum: number): string {
  if (maximum !== Infinity) return ` from ${minimum} to ${maximum}`;
  return minimum === -Infinity ? "" : ` of at least ${minimum}`;
}

/** A whole number within its limits. */
export function integer(description: string, rules: NumberRules = {}): Option<number | undefined> {
  return number(description, { ...rules, integer: true });
}

/** One or several of a few words, separated by commas; undefined when absent. */
export function choices<const T extends string>(
  description: string,
  words: readonly T[],
): Option<readonly T[] | undefined> {
  return single({ description, placeholder: words.join(",") }, (value, name) =>
    value.split(",").map((part) => oneOf(words, part.trim(), name)),
  );
}

/** One of a few words; undefined when absent. */
export function choice<const T extends string>(
  description: string,
  words: readonly T[],
): Option<T | undefined> {
  return single({ description, placeholder: words.join("|") }, (value, name) =>
    oneOf(words, value.trim(), name),
  );
}

function oneOf<T extends string>(words: readonly T[], given: string, name: string): T {
  const found = words.find((word) => word === given);
  if (found) return found;
  throw new UsageError(`--${name} takes ${words.join(", ")}, not "${given}".`);
}

/** Token ids, separated by commas or blanks. */
export function tokenIds(description: string): Option<readonly number[] | undefined> {
  return single({ description, placeholder: "ids" }, (value, name) => parseIds(value, `--${name}`));
}

/**
 * @param what names the source in the message
 * @throws UsageError for anything but non-negative integers
 */
export function parseIds(value: string, what: string): number[] {
  const parts = value.split(/[\s,]+/).filter((part) => part !== "");
  if (parts.length > 0 && parts.every((part) => /^\d+$/.test(part))) return parts.map(Number);
  throw new UsageError(`${what} needs token ids such as 2,0,1, not "${value}".`);
}
