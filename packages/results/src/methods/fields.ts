/** A schema's options as a list of fields: what flags, forms and tables of documentation are made of. */
import type { z } from "zod";
import { brief } from "../errors/brief.js";
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { checkRecord } from "../errors/option-rules.js";
import type { OptionsSchema } from "./define-method.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it is an object of zod, which has a shape */
export function checkSchema(argument: string, value: unknown): void {
  checkRecord(argument, value);
  checkRecord(`${argument}.shape`, shapeOf(argument, value as Partial<OptionsSchema>));
}

/** Objects that were not made by zod, but of its classes, have none that can be read. */
function shapeOf(argument: string, schema: Partial<OptionsSchema>): unknown {
  try {
    return schema.shape;
  } catch (cause) {
    const rule = `must be an object of zod, not ${brief(schema)}.`;
    throw Object.assign(new InvalidArgumentError(argument, schema, rule), { cause });
  }
}

/** What one option takes. */
export type FieldKind =
  | "switch"
  | "integer"
  | "number"
  | "text"
  | "choice"
  /** Several of one kind. */
  | "list"
  /** Several kinds; its schema says which. */
  | "any";

/** One option of a method. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly description: string;
  readonly required: boolean;
  /** Undefined where there is none. */
  readonly default: unknown;
  /** Of a choice, or of a list of choices. */
  readonly choices?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  /**
   * What its text names outside the request, where the schema says so (`.meta({ reads: "files" })`): files that the method
   * opens, or a model that the surface loads. Surfaces confine both.
   */
  readonly reads?: "files" | "model";
  /** Whether its text may also name a folder of a hub (`.meta({ hub: "folders" })`), which the command brings first. */
  readonly hub?: "folders";
  /** Whether its text names files that the method writes (`.meta({ writes: "files" })`). Surfaces that serve others refuse it. */
  readonly writes?: "files";
  readonly schema: z.core.$ZodType;
}

interface Definition {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly defaultValue?: unknown;
  readonly element?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
}

/**
 * What a schema is beneath `optional` and `default`.
 *
 * @example
 * innerSchema(z.int().default(5).optional());
 */
export function innerSchema(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType } = definitionOf(schema);
  return innerType ? innerSchema(innerType) : schema;
}

/**
 * A schema's own description of itself, as zod keeps it.
 *
 * @example
 * definitionOf(z.boolean()).type; // "boolean"
 */
export function definitionOf(schema: z.core.$ZodType): Definition {
  if (typeof schema?._zod?.def !== "object") {
    const rule = `must be a schema of zod, not ${brief(schema)}.`;
    throw new InvalidArgumentError("schema", schema, rule);
  }
  return schema._zod.def as unknown as Definition;
}

/**
 * The options of a schema, in its order.
 *
 * @example
 * fieldsOf(z.object({ topK: z.int().min(1).default(5).describe("tokens") }))[0].default; // 5
 */
export function fieldsOf(schema: OptionsSchema): Field[] {
  checkSchema("schema", schema);
  return Object.entries(schema.shape as Record<string, z.core.$ZodType>).map(([name, option]) => {
    const inner = innerSchema(option);
    const { minimum, maximum } = limitsOf(inner);
    const choices = choicesOf(inner);
    const reads = markOf(option, "reads", ["files", "model"] as const);
    const writes = markOf(option, "writes", ["files"] as const);
    const hub = markOf(option, "hub", ["folders"] as const);
    return {
      name,
      kind: kindOf(inner),
      description: (option as { description?: string }).description ?? "",
      required: option._zod.optin === undefined,
      default: defaultOf(option),
      ...(choices && { choices }),
      ...(minimum !== undefined && { minimum }),
      ...(maximum !== undefined && { maximum }),
      ...(reads !== undefined && { reads }),
      ...(hub !== undefined && { hub }),
      ...(writes !== undefined && { writes }),
      schema: option,
    };
  });
}

/** Another word means nothing here. */
function markOf<const W extends string>(
  schema: z.core.$ZodType,
  mark: "reads" | "writes" | "hub",
  words: readonly W[],
): W | undefined {
  const own = (schema as z.ZodType).meta?.()?.[mark];
  const known = words.find((word) => word === own);
  if (known !== undefined) return known;
  const { innerType } = definitionOf(schema);
  return innerType && markOf(innerType, mark, words);
}

function defaultOf(schema: z.core.$ZodType): unknown {
  const { type, defaultValue, innerType } = definitionOf(schema);
  if (type === "default") return defaultValue;
  return innerType && defaultOf(innerType);
}

function kindOf(schema: z.core.$ZodType): FieldKind {
  const { type } = definitionOf(schema);
  switch (type) {
    case "boolean":
      return "switch";
    case "number":
      return (schema as { isInt?: boolean }).isInt ? "integer" : "number";
    case "string":
      return "text";
    case "enum":
      return "choice";
    case "array":
      return "list";
    default:
      return "any";
  }
}

function choicesOf(schema: z.core.$ZodType): readonly string[] | undefined {
  const { type, element } = definitionOf(schema);
  if (type === "array" && element) return choicesOf(innerSchema(element));
  return type === "enum"
    ? (schema as unknown as { options: readonly string[] }).options
    : undefined;
}

/** The limits that are a rule, not those of whole numbers as such. */
function limitsOf(schema: z.core.$ZodType): { minimum?: number; maximum?: number } {
  const { minValue, maxValue } = schema as { minValue?: number; maxValue?: number };
  const real = (limit: number | null | undefined) =>
    typeof limit === "number" && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? limit : undefined;
  return { minimum: real(minValue), maximum: real(maxValue) };
}
