/** A method's options as flags of a command, from its schema. */
import {
  definitionOf,
  type Field,
  fieldsOf,
  innerSchema,
  type OptionsSchema,
} from "@mlxterp/results";
import { UsageError } from "./failure.js";
import { choice, integer, number, type Option, type OptionTable, text, toggle } from "./options.js";

type Schema = Field["schema"];

/** `wrongAnswer` is `--wrong-answer`, and `C` is `--c`. */
export function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter, at) => `${at > 0 ? "-" : ""}${letter.toLowerCase()}`);
}

/** One flag for each option that a text can be given for: a record of functions has none. */
export function flagsOf(schema: OptionsSchema): OptionTable {
  const said = fieldsOf(schema).filter((field) => definitionOf(innerSchema(field.schema)).type !== "record"); // biome-ignore format: one line
  return Object.fromEntries(said.map((field) => [flagOf(field.name), flag(field)]));
}

function flag(field: Field): Option<unknown> {
  const { kind, minimum, maximum, choices } = field;
  const described = description(field);
  const limits = { ...(minimum !== undefined && { minimum }), ...(maximum !== undefined && { maximum }) }; // biome-ignore format: one object
  switch (kind) {
    case "switch":
      return { ...toggle(described), read: (given) => (given.length > 0 ? true : undefined) };
    case "integer":
      return integer(described, limits);
    case "number":
      return number(described, limits);
    case "choice":
      return choice(described, choices ?? []);
    case "text":
      return text(described);
    default:
      return { ...text(described, placeholderOf(field.schema)), read: readAny(field) };
  }
}

function description({ description: about, default: preset }: Field): string {
  if (preset === undefined || preset === false) return about;
  const shown = Array.isArray(preset) ? preset.join(",") : String(preset);
  return `${about}; default ${shown === "" ? "none" : shown}`;
}

function placeholderOf(schema: Schema): string {
  const inner = innerSchema(schema);
  const { type, element, options } = definitionOf(inner);
  if (type === "array" && element) {
    const each = placeholderOf(element);
    return `${each},…`;
  }
  if (type === "tuple") return "layer.head";
  if (type === "number") return "n";
  if (type === "enum") return wordsOf(inner).join("|");
  const words = (options ?? []).flatMap(wordsOf);
  return words.length > 0 ? [...new Set(words)].join("|") : "text";
}

/** The words that a schema takes. */
function wordsOf(schema: Schema): string[] {
  const inner = innerSchema(schema);
  const { type, options, element } = definitionOf(inner);
  if (type === "enum") return (inner as unknown as { options: string[] }).options;
  if (type === "array" && element) return wordsOf(element);
  return type === "union" ? (options ?? []).flatMap(wordsOf) : [];
}

function readAny({ schema, name }: Field): Option<unknown>["read"] {
  return ([given]: readonly string[]) => {
    if (given === undefined) return undefined;
    const value = parseText(innerSchema(schema), given);
    if (value !== undefined) return value;
    const words = [...new Set(wordsOf(schema))];
    const takes = words.length > 0 ? words.join(", ") : placeholderOf(schema);
    throw new UsageError(`--${flagOf(name)} takes ${takes}, not "${given}".`);
  };
}

/** The value that a text means to a schema; undefined where it means none. */
function parseText(schema: Schema, given: string): unknown {
  const value = candidate(innerSchema(schema), given);
  return takes(schema, value) ? value : undefined;
}

/** Whether a schema takes a value as it is. */
function takes(schema: Schema, value: unknown): boolean {
  const known = schema as unknown as { safeParse(given: unknown): { success: boolean } };
  return known.safeParse(value).success;
}

function candidate(schema: Schema, given: string): unknown {
  const { type, element, options } = definitionOf(schema);
  const items = (separator: string) => given.split(separator).map((part) => part.trim());
  switch (type) {
    case "number":
      return given.trim() === "" ? undefined : Number(given);
    case "array":
      return element && items(",").map((part) => parseText(element, part));
    case "tuple":
      return items(".").map(Number);
    case "union":
      return textFirst(options ?? [])
        .map((option) => parseText(option, given))
        .find((value) => value !== undefined);
    default:
      return given;
  }
}

/** On a command line everything is text: an answer "7" is a word, which the model may know as an id. */
function textFirst(options: readonly Schema[]): Schema[] {
  const isText = (schema: Schema) => {
    const { type, options: inner } = definitionOf(innerSchema(schema));
    return type === "string" || (type === "union" && (inner ?? []).some((one) => definitionOf(one).type === "string")); // biome-ignore format: one expression
  };
  return [...options.filter(isText), ...options.filter((option) => !isText(option))];
}
