/** Strict reading of a command line against a command's options: nothing unknown is ever ignored. */
import { parseArgs } from "node:util";
import { distance } from "fastest-levenshtein";
import { UsageError } from "./failure.js";
import type { OptionTable, OptionValues } from "./options.js";

/** What a command line says. */
export interface ParsedArguments<O extends OptionTable> {
  readonly options: OptionValues<O>;
  /** Words that belong to no option. */
  readonly words: readonly string[];
}

/**
 * Reads arguments; `--name value`, `--name=value` and negative numbers as values all work.
 *
 * @throws UsageError for an unknown option, a missing or surplus value, or one that its option refuses
 */
export function parseArguments<O extends OptionTable>(
  argv: readonly string[],
  table: O,
): ParsedArguments<O> {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(table).map(([name, { placeholder }]) => [
        name,
        { type: placeholder === undefined ? "boolean" : "string", multiple: true } as const,
      ]),
    ),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const given = new Map<string, string[]>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const list = given.get(token.name) ?? [];
    list.push(checkedValue(token, table));
    given.set(token.name, list);
  }
  return { options: readAll(given, table), words };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function checkedValue(token: OptionToken, table: OptionTable): string {
  const { name, rawName, value, inlineValue } = token;
  if (!Object.hasOwn(table, name) || !rawName.startsWith("--")) {
    throw new UsageError(
      `There is no option ${rawName}.${nearest(name, Object.keys(table), "--")}`,
    );
  }
  if (table[name].placeholder === undefined) {
    if (value === undefined) return "";
    throw new UsageError(`${rawName} takes no value.`);
  }
  // "--top --json" means that the value was forgotten; "--layer -1" is a number
  const forgotten = !inlineValue && value?.startsWith("-") && !/^-\.?\d/.test(value);
  if (value === undefined || forgotten) {
    throw new UsageError(`${rawName} needs a value: ${rawName} <${table[name].placeholder}>.`);
  }
  return value;
}

function readAll<O extends OptionTable>(
  given: ReadonlyMap<string, readonly string[]>,
  table: O,
): OptionValues<O> {
  const values = Object.entries(table).map(([name, option]) => {
    const list = given.get(name) ?? [];
    if (list.length > 1 && !option.repeatable && option.placeholder !== undefined) {
      throw new UsageError(`--${name} is given ${list.length} times; it takes one value.`);
    }
    return [name, option.read(list, name)];
  });
  return Object.fromEntries(values) as OptionValues<O>;
}

/** A suggestion where something similar exists. */
export function nearest(word: string, known: readonly string[], prefix = ""): string {
  const ranked = known
    .map((name) => ({ name, far: distance(word, name) }))
    .sort((a, b) => a.far - b.far);
  const close = ranked.length > 0 && ranked[0].far <= Math.min(2, word.length - 1);
  return close ? ` Did you mean ${prefix}${ranked[0].name}?` : "";
}
