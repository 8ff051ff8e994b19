/** JSON Schema of zod's schemas, with what JSON cannot hold left out. */
import { z } from "zod";

type JsonSchema = Record<string, unknown>;

/** Marks what only a program can give: functions, models in memory. */
const code = "x-code";

/**
 * The JSON Schema (draft 2020-12) of what may be given.
 *
 * An option that takes a function or something else takes the else; one that takes a function only is not there.
 */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const found = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const { type } = zodSchema._zod.def;
      if (type === "custom" || type === "function") jsonSchema[code] = true;
    },
  });
  const { $schema: _draft, "~standard": _own, ...rest } = cleaned(found) as JsonSchema;
  return rest;
}

function isCode(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  const {
    [code]: mark,
    anyOf,
    items,
    additionalProperties: values,
  } = schema as Partial<JsonSchema>;
  if (mark === true || (Array.isArray(anyOf) && anyOf.every(isCode))) return true;
  return isCode(items) || isCode(values);
}

function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isCode(item)).map(cleaned);
  if (typeof value !== "object" || value === null) return value;
  const schema = value as JsonSchema;
  const kept = Object.entries(schema)
    .filter(isTold)
    .map(([key, item]) => {
      if (key !== "properties") return [key, cleaned(item)];
      const known = Object.entries(item as JsonSchema).filter(([, one]) => !isCode(one));
      return [key, Object.fromEntries(known.map(([name, one]) => [name, cleaned(one)]))];
    });
  return single(Object.fromEntries(kept) as JsonSchema);
}

/** The bounds of whole numbers as such, and marks of TypeScript, tell nobody anything. */
function isTold([key, value]: [string, unknown]): boolean {
  if (key === "readOnly" && value === true) return false;
  return !(["minimum", "maximum"].includes(key) && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER); // biome-ignore format: one rule
}

/** A union of which one kind is left is that kind. */
function single(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 1) return schema;
  return { ...(anyOf[0] as JsonSchema), ...rest };
}
