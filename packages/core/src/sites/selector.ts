/** Selectors: the language in which sites are chosen, taken apart. */
import { brief, InvalidArgumentError, isRegExp } from "@mlxterp/mlx";
import { splitOutsideBraces } from "./match.js";

/** A site, a pattern of sites, or a regular expression over canonical names. */
export type Selector = string | RegExp;

/**
 * The rule of an option that names sites: a selector, or a list of at least one.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * checkSelectors("save", ["layers.*"]);
 */
export function checkSelectors(argument: string, value: unknown): void {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) {
    throw new InvalidArgumentError(argument, value, "name at least one site; the list is empty.");
  }
  for (const one of list) checkSelector(argument, one);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is one selector */
export function checkSelector(argument: string, value: unknown): void {
  if (typeof value === "string" || isRegExp(value)) return;
  const rule = `a site is named by a string or a regular expression, not by ${brief(value)}.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/** Which value of a module call is meant. */
export interface Port {
  readonly kind: "input" | "output";
  /** Which array of a tuple; undefined for the first one found. */
  readonly element: number | undefined;
}

export const outputPort: Port = { kind: "output", element: undefined };
export const inputPort: Port = { kind: "input", element: undefined };

/** One way to read a selector. */
export interface ParsedSelector {
  readonly segments: readonly string[];
  readonly port: Port;
  /** The number after `#`; undefined for every call. */
  readonly call: number | undefined;
  /** Whether it may match several sites. */
  readonly pattern: boolean;
}

/**
 * The ways to read a selector: the last segments may be names of modules, or a port (`.input`, `.output.1`).
 * Names come first, so a module that is called `output` is found under its own name.
 */
export function parseSelector(text: string): ParsedSelector[] {
  const [, body, number] = /^(.*?)(?:#(\d+))?$/s.exec(text) ?? [];
  const call = number === undefined ? undefined : Number(number);
  const pattern = /[*{]/.test(body);
  const reading = (path: string, port: Port): ParsedSelector => ({
    segments: segmentsOf(path),
    port,
    call,
    pattern,
  });
  const readings = body === "" ? [] : [reading(body, outputPort)];
  const [found, path = "", kind, element] =
    /^(?:(.+)\.)?(input|output)(?:\.(\d+))?$/.exec(body) ?? [];
  if (found === undefined) return readings;
  const port: Port = {
    kind: kind as Port["kind"],
    element: element === undefined ? undefined : Number(element),
  };
  return [...readings, reading(path, port)];
}

const segmentsOf = (path: string) => (path === "" ? [] : splitOutsideBraces(path));

/**
 * Writes out the choices: `layers.{0,5}.mlp` → `layers.0.mlp`, `layers.5.mlp`. A choice names its members, so each
 * of them must exist; a range (`{2..8}`) is left for matching.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for braces that do not match or hold nothing, and for so many that their choices
 * multiply beyond all sites that any model has
 */
export function writeOutChoices(text: string): string[] {
  return writeOut(text, { left: mostChoices });
}

/** Texts that are looked at for one selector. */
const mostChoices = 5000;

function writeOut(text: string, room: { left: number }): string[] {
  if (room.left-- === 0) throw tooManyChoices(text);
  const choice = /\{([^{}]*)\}/.exec(hideRanges(text));
  if (!choice) {
    if (/[{}]/.test(hideRanges(text))) throw braceError(text);
    return [text];
  }
  const before = text.slice(0, choice.index);
  const after = text.slice(choice.index + choice[0].length);
  const members = text.slice(choice.index + 1, choice.index + choice[0].length - 1).split(",");
  return members.flatMap((member) => {
    const name = member.trim();
    if (name === "") throw braceError(text);
    const one = /^-?\d+\.\.-?\d+$/.test(name) ? `{${name}}` : name;
    return writeOut(`${before}${one}${after}`, room);
  });
}

function tooManyChoices(text: string): InvalidArgumentError {
  const rule = `its braces choose more than ${mostChoices} names. Write a range ({2..8}), or several selectors.`;
  return new InvalidArgumentError("selector", text, rule);
}

/** The same text with its ranges made unremarkable, each as long as before. */
function hideRanges(text: string): string {
  return text.replace(/\{-?\d+\.\.-?\d+\}/g, (range) => "_".repeat(range.length));
}

function braceError(text: string): InvalidArgumentError {
  return new InvalidArgumentError(
    "selector",
    text,
    `the braces of "${text}" do not match. Write {0,5} for a choice or {2..8} for a range.`,
  );
}
