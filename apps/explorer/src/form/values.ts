/** What is written in a form, as the options a method takes. */
import { InvalidArgumentError } from "@mlxterp/results";
import { type FormField, fieldsOf, variants } from "./fields.js";
import type { JsonSchema } from "./json-schema.js";

/** What stands in a form's fields, by name: a text, a switch, or several words. */
export type FormValues = Readonly<Record<string, FormValue>>;

/** What stands in one field. */
export type FormValue = string | boolean | readonly string[];

/**
 * The options that a form asks for; what is empty is left to the method.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) naming the first field that cannot be read, with its rule
 */
export function optionsOf(schema: JsonSchema, values: FormValues): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const field of fieldsOf(schema)) {
    const value = readField(field, values[field.name]);
    if (value !== undefined) options[field.name] = value;
  }
  return options;
}

/** The fields that must be filled in, and are not. */
export function missingFields(schema: JsonSchema, values: FormValues): FormField[] {
  return fieldsOf(schema).filter((field) => field.required && isEmpty(values[field.name] ?? ""));
}

/** An option as it is written in a field. */
export function writtenAs(field: FormField, value: unknown): FormValue {
  if (value === undefined)
    return field.kind === "choices" ? [] : field.kind === "switch" ? false : "";
  if (field.kind === "switch") return value === true;
  if (field.kind === "choices") return [value].flat().map(String);
  if (Array.isArray(value))
    return value.map((one) => (Array.isArray(one) ? one.join(".") : written(one))).join(", ");
  return written(value);
}

function written(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function isEmpty(value: FormValue): boolean {
  return typeof value === "string"
    ? value.trim() === ""
    : Array.isArray(value) && value.length === 0;
}

function readField(field: FormField, value: FormValue | undefined): unknown {
  if (value === undefined || isEmpty(value)) return undefined;
  switch (field.kind) {
    case "switch":
      return value === (field.default ?? false) ? undefined : value;
    case "number":
      return readNumber(field, String(value));
    case "choice":
      return value;
    case "choices":
      return value;
    case "text":
      return readText(field, String(value));
  }
}

function readNumber({ label, minimum, maximum, step }: FormField, text: string): number {
  const value = Number(text);
  const isRight = step === 1 ? Number.isInteger(value) : Number.isFinite(value);
  const fits = value >= (minimum ?? -Infinity) && value <= (maximum ?? Infinity);
  if (isRight && fits) return value;
  const least = minimum === undefined ? "" : ` from ${minimum}`;
  const most = maximum === undefined ? "" : ` to ${maximum}`;
  throw new InvalidArgumentError(
    label,
    text,
    `must be ${step === 1 ? "an integer" : "a number"}${least}${most}.`,
  );
}

/** A text as the first kind of value that its schema takes and that it can be. */
function readText({ label, schema }: FormField, text: string): unknown {
  const all = variants(schema);
  const isWord = all.some((one) => one.enum?.includes(text.trim()));
  if (isWord) return text.trim();
  const takesText = all.some((one) => one.type === "string" && !one.enum);
  const data = /^\s*[[{]/.test(text) ? readJson(label, text, takesText) : undefined;
  if (data !== undefined) return data;
  const list = all.find((one) => one.type === "array");
  const items = list && typeof list.items === "object" ? variants(list.items) : [];
  const parts = splitList(text);
  if (items.some(isPair) && parts.every((part) => /^-?\d+\.-?\d+$/.test(part))) {
    return parts.map((part) => part.split(".").map(Number));
  }
  const ofNumbers = items.some(({ type }) => type === "integer" || type === "number");
  const areNumbers = parts.every((part) => Number.isFinite(Number(part)) && part !== "");
  if (takesText) return text;
  if (ofNumbers && areNumbers) return parts.map(Number);
  if (items.some(({ type }) => type === "string")) return parts;
  if (all.some(({ type }) => type === "integer" || type === "number") && areNumbers)
    return Number(text);
  const rule = ofNumbers
    ? "must be numbers, such as 0, 1, 2."
    : "must be written as data, such as [1, 2].";
  throw new InvalidArgumentError(label, text, rule);
}

function isPair(schema: JsonSchema): boolean {
  return schema.prefixItems?.length === 2;
}

function splitList(text: string): string[] {
  return text
    .split(text.includes("\n") ? "\n" : /[,\s]+/)
    .map((part) => part.trim())
    .filter(Boolean);
}

/** @returns undefined for a text that only begins like data */
function readJson(label: string, text: string, isTextAsWell: boolean): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (isTextAsWell) return undefined;
    const rule = `is no JSON (${(cause as Error).message}).`;
    throw new InvalidArgumentError(label, text, rule);
  }
}
