/** From the JSON schema of a method's options to the fields of a form. No method is known by name. */
import type { JsonSchema } from "./json-schema.js";

/** How a field is filled in. */
export type FieldKind =
  /** On or off. */
  | "switch"
  | "number"
  /** One word of a few. */
  | "choice"
  /** Several words of a few. */
  | "choices"
  /** Anything that is written: a text, a list, data. */
  | "text";

/** One field of a form. */
export interface FormField {
  readonly name: string;
  /** The name as words. */
  readonly label: string;
  readonly help: string;
  readonly kind: FieldKind;
  readonly required: boolean;
  readonly default: unknown;
  /** Of choices. */
  readonly words: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly step: number | "any";
  readonly schema: JsonSchema;
}

/**
 * The fields of a schema: those that must be filled in first, then in the schema's own order.
 */
export function fieldsOf(schema: JsonSchema): FormField[] {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {})
    .filter(([, property]) => property.writes === undefined) // a server writes no files
    .map(([name, property]) => fieldOf(name, property, required.has(name)));
  return [...fields.filter((one) => one.required), ...fields.filter((one) => !one.required)];
}

function fieldOf(name: string, schema: JsonSchema, required: boolean): FormField {
  const number = variants(schema).find(isNumber);
  const kind = kindOf(schema);
  return {
    name,
    label: wordsOf(name),
    help: schema.description ?? "",
    kind,
    required: required && schema.default === undefined,
    default: schema.default,
    words: choiceWords(schema),
    step: number?.type === "integer" ? 1 : "any",
    schema,
    ...(kind === "number" && limitsOf(number)),
  };
}

/** `batchSize` as `batch size`. */
function wordsOf(name: string): string {
  return name.replace(
    /([a-z])([A-Z])/g,
    (_, end: string, begin: string) => `${end} ${begin.toLowerCase()}`,
  );
}

function kindOf(schema: JsonSchema): FieldKind {
  const all = variants(schema);
  if (all.length === 1 && all[0].type === "boolean") return "switch";
  if (all.length === 1 && isNumber(all[0])) return "number";
  const hasWords = choiceWords(schema).length > 0;
  if (hasWords && all.every((one) => one.enum || isWordList(one))) {
    return all.some(isWordList) ? "choices" : "choice";
  }
  // what only code can give, such as a function of one's own, stands beside the words as an empty schema
  if (hasWords && all.every((one) => one.enum || isUnsaid(one))) return "choice";
  return "text";
}

/** A schema's alternatives, with those inside them. */
export function variants(schema: JsonSchema): readonly JsonSchema[] {
  const inner = schema.anyOf ?? schema.oneOf;
  return inner ? inner.flatMap(variants) : [schema];
}

function isNumber({ type }: JsonSchema): boolean {
  return type === "integer" || type === "number";
}

function itemsOf({ type, items }: JsonSchema): JsonSchema | undefined {
  return type === "array" && typeof items === "object" ? items : undefined;
}

function isWordList(schema: JsonSchema): boolean {
  return itemsOf(schema)?.enum !== undefined;
}

function isUnsaid(schema: JsonSchema): boolean {
  return Object.keys(schema).length === 0;
}

function choiceWords(schema: JsonSchema): string[] {
  const words = variants(schema).flatMap((one) => one.enum ?? itemsOf(one)?.enum ?? []);
  return [...new Set(words.map(String))];
}

function limitsOf(schema: JsonSchema = {}): { minimum?: number; maximum?: number } {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const real = (limit: number | undefined) =>
    limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? limit : undefined;
  const low = real(minimum ?? exclusiveMinimum);
  const high = real(maximum ?? exclusiveMaximum);
  return {
    ...(low !== undefined && { minimum: low }),
    ...(high !== undefined && { maximum: high }),
  };
}
