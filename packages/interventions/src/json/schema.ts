/** The JSON form of interventions, as a zod schema made of their definitions. */
import { didYouMean } from "@mlxterp/mlx";
import { z } from "zod";
import { builtIn, type InterventionJson, type InterventionsJson } from "../built-in/built-in.js";
import type { AnyInterventionDefinition } from "../definition/define-intervention.js";
import { type InterventionField, isPlain } from "../definition/fields.js";
import type { AnyInterventionJson } from "../definition/specification.js";
import type { JsonArray, JsonNumbers } from "../values/json-numbers.js";

const jsonNumbers: z.ZodType<JsonNumbers> = z.lazy(() =>
  z.union([z.number(), z.literal(["Infinity", "-Infinity"]), z.array(jsonNumbers).min(1)]),
);
const jsonArray: z.ZodType<JsonArray> = z.union([
  jsonNumbers,
  z.strictObject({
    dtype: z.enum([
      ...(["float32", "float16", "bfloat16", "bool"] as const),
      ...(["int32", "int16", "int8", "uint16", "uint8"] as const),
    ]),
    values: jsonNumbers,
  }),
]);

/** The schema of one intervention among some types. */
export function schemaOf(
  definitions: readonly AnyInterventionDefinition[],
): z.ZodType<AnyInterventionJson> {
  const inner: z.ZodType<AnyInterventionJson> = z.lazy(() => schema);
  const names = definitions.map(({ type }) => type);
  const error = (issue: { readonly code?: string; readonly input?: unknown }) =>
    issue.code === "invalid_union" ? unknownType(issue.input, names) : undefined;
  const [first, ...rest] = definitions.map((definition) => objectOf(definition, inner));
  const schema = z.discriminatedUnion("type", [first, ...rest], { error });
  return schema;
}

function unknownType(input: unknown, names: readonly string[]): string {
  const { type } = input as { readonly type?: unknown };
  const hint = typeof type === "string" ? didYouMean(type, names).trimEnd() : "";
  return `must be one of ${names.join(", ")}${hint && `. ${hint}`}`;
}

function objectOf(
  { type, fields }: AnyInterventionDefinition,
  inner: z.ZodType<AnyInterventionJson>,
) {
  const names = Object.keys(fields);
  const members = Object.entries(fields).map(([name, field]) => [name, fieldOf(field, inner)]);
  const shape = Object.fromEntries(members) as Record<string, z.ZodType>;
  return z.strictObject(
    { type: z.literal(type), ...shape },
    {
      error: (issue) =>
        issue.code === "unrecognized_keys" ? unknownField(type, issue.keys, names) : undefined,
    },
  );
}

/** @returns a sentence without its full stop, which the error adds */
function unknownField(type: string, unknown: readonly string[], names: readonly string[]): string {
  const hint = didYouMean(unknown[0], names);
  return `there is no "${unknown[0]}". ${hint}${type} takes ${names.join(", ") || "nothing"}`;
}

function fieldOf(field: InterventionField, inner: z.ZodType<AnyInterventionJson>): z.ZodType {
  if (isPlain(field)) return field;
  if (field.kind === "array") return field.isOptional ? jsonArray.optional() : jsonArray;
  return field.kind === "intervention" ? inner : z.array(inner);
}

/**
 * The zod schema of one built-in intervention as JSON: an object with a `type`, and for combinators the interventions
 * inside. `parseIntervention` also checks what a schema cannot say, such as `min` ≤ `max`.
 *
 * @example
 * interventionSchema.parse({ type: "scale", factor: 0.5 });
 */
export const interventionSchema = schemaOf(builtIn) as z.ZodType<InterventionJson>;

/** The zod schema of a whole record of interventions, by site or selector. */
export const interventionsSchema: z.ZodType<InterventionsJson> = z.record(
  z.string(),
  z.union([interventionSchema, z.array(interventionSchema)]),
);
