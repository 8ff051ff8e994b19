/** The JSON form of interventions, as a zod schema. */
import { z } from "zod";
import type { InterventionJson, InterventionsJson, JsonArray, JsonNumbers } from "./json.js";

const finite = z.number();
const integer = z.int();
const integers = z.union([integer, z.array(integer).min(1)]);

const jsonNumbers: z.ZodType<JsonNumbers> = z.lazy(() =>
  z.union([finite, z.literal(["Infinity", "-Infinity"]), z.array(jsonNumbers).min(1)]),
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

const positions = z.union([
  integer,
  z.array(integer).min(1),
  z.strictObject({ from: integer.optional(), to: integer.optional() }),
]);

const axis = integer.optional();
const inner: z.ZodType<InterventionJson> = z.lazy(() => interventionSchema);

/**
 * The zod schema of one intervention as JSON: an object with a `type`, and for combinators the interventions inside.
 * `parseIntervention` also checks what a schema cannot say, such as `min` ≤ `max`.
 *
 * @example
 * interventionSchema.parse({ type: "scale", factor: 0.5 });
 */
export const interventionSchema: z.ZodType<InterventionJson> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("zeroOut") }),
  z.strictObject({ type: z.literal("scale"), factor: finite }),
  z.strictObject({ type: z.literal("addVector"), vector: jsonArray, scale: finite.optional() }),
  z.strictObject({ type: z.literal("replaceWith"), value: jsonArray }),
  z.strictObject({
    type: z.literal("clamp"),
    min: finite.optional(),
    max: finite.optional(),
  }),
  z.strictObject({
    type: z.literal("noise"),
    std: finite.min(0),
    seed: integer.min(0).optional(),
  }),
  z.strictObject({ type: z.literal("project"), directions: jsonArray }),
  z.strictObject({ type: z.literal("ablateDirection"), directions: jsonArray }),
  z.strictObject({
    type: z.literal("meanAblate"),
    mean: jsonArray.optional(),
    over: z
      .array(z.enum(["batch", "position"]))
      .min(1)
      .optional(),
  }),
  z.strictObject({ type: z.literal("skip"), output: z.enum(["input", "zeros"]).optional() }),
  z.strictObject({ type: z.literal("compose"), interventions: z.array(inner) }),
  z.strictObject({ type: z.literal("atPositions"), positions, intervention: inner, axis }),
  z.strictObject({ type: z.literal("atKeys"), positions, intervention: inner, axis }),
  z.strictObject({ type: z.literal("atHeads"), heads: integers, intervention: inner, axis }),
  z.strictObject({ type: z.literal("atBatch"), rows: integers, intervention: inner, axis }),
]);

/** The zod schema of a whole record of interventions, by site or selector. */
export const interventionsSchema: z.ZodType<InterventionsJson> = z.record(
  z.string(),
  z.union([interventionSchema, z.array(interventionSchema)]),
);
