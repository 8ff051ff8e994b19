/** Checks of definitions when they are made, and of the fields a call gives. */
import type { Intervention, SiteContext, TokenBatch } from "@mlxterp/core";
import {
  brief,
  checkOptions,
  InvalidArgumentError,
  isCallable,
  type MxArray,
  type OptionRule,
} from "@mlxterp/mlx";
import { z } from "zod";
import { HeldArray } from "../values/held-array.js";
import type { Numbers } from "../values/numbers.js";
import { requireFunction } from "../values/validate.js";
import { type InterventionField, type InterventionFields, isPlain } from "./fields.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what text and JSON cannot hold */
export function checkDefinition(type: unknown, fields: unknown, make: unknown): void {
  checkName("type", type);
  if (typeof fields !== "object" || fields === null) {
    throw new InvalidArgumentError("fields", fields, "must be an object from names to fields.");
  }
  if (!isCallable(make)) {
    throw new InvalidArgumentError("make", make, "must be a function of the fields.");
  }
  for (const [name, field] of Object.entries(fields as InterventionFields)) {
    checkName(`fields.${name}`, name);
    if (name === "type") {
      throw new InvalidArgumentError("fields.type", field, "is taken; name it otherwise.");
    }
    checkField(`fields.${name}`, field);
  }
}

function checkName(argument: string, name: unknown): void {
  if (typeof name === "string" && /^[A-Za-z]\w*$/.test(name) && name !== "Infinity") return;
  const rule = "its name must be a letter, then letters and digits, as text writes it.";
  throw new InvalidArgumentError(argument, name, rule);
}

function checkField(argument: string, field: unknown): void {
  if (typeof field === "object" && field !== null && !isPlain(field as InterventionField)) return;
  if (!(field instanceof z.core.$ZodType)) {
    const rule = "must be a zod schema, arrayField(), innerIntervention or innerInterventions.";
    throw new InvalidArgumentError(argument, field, rule);
  }
  try {
    z.toJSONSchema(field);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : brief(cause);
    throw new InvalidArgumentError(argument, field, `JSON cannot hold it: ${reason}`);
  }
}

/**
 * The fields of a call as `make` gets them.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) naming the field
 */
export function checkGiven(
  type: string,
  fields: InterventionFields,
  given: object,
): Readonly<Record<string, unknown>> {
  const pass: OptionRule = () => undefined;
  checkOptions(type, given, Object.fromEntries(Object.keys(fields).map((name) => [name, pass])));
  const values = given as Readonly<Record<string, unknown>>;
  const held = Object.entries(fields).map(([name, field]) => [
    name,
    hold(name, field, values[name]),
  ]);
  return Object.fromEntries(held.filter(([, value]) => value !== undefined));
}

function hold(name: string, field: InterventionField, value: unknown): unknown {
  if (isPlain(field)) return parsed(name, field, value);
  if (field.kind === "array") {
    if (value === undefined && field.isOptional) return undefined;
    return new HeldArray(name, value as Numbers | MxArray, { infinities: field.infinities });
  }
  if (field.kind === "intervention") {
    requireFunction(name, value);
    return value;
  }
  if (!Array.isArray(value)) {
    throw new InvalidArgumentError(name, value, "must be a list of interventions.");
  }
  for (const [index, one] of value.entries()) requireFunction(`${name}[${index}]`, one);
  return [...(value as Intervention[])];
}

function parsed(name: string, field: z.ZodType, value: unknown): unknown {
  const result = field.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue.path.map((part) => `[${JSON.stringify(part)}]`).join("");
  throw new InvalidArgumentError(`${name}${where}`, value, `${issue.message}.`);
}

/** What a pass says of the place: callers who apply an intervention by hand say it themselves. @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkSite(context: unknown): SiteContext {
  const { site, axes, tokens } = Object(context ?? {}) as Record<keyof SiteContext, unknown>;
  const named = typeof site === "string" && (axes === undefined || Array.isArray(axes));
  if (named && (tokens === undefined || Array.isArray((tokens as TokenBatch)?.lengths))) {
    return context as SiteContext;
  }
  const rule = `must say where the value is, as { site: "layers.0", axes, tokens } of a pass does, not ${brief(context)}.`;
  throw new InvalidArgumentError("site", context, rule);
}
