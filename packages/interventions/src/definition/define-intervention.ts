/** An intervention as one definition, from which its JSON type, schema, text form, parser and description follow. */
import type { Intervention } from "@mlxterp/core";
import { checkArray, checkOptions } from "@mlxterp/mlx";
import type { Path } from "../errors.js";
import { HeldArray } from "../values/held-array.js";
import { requireFunction } from "../values/validate.js";
import { checkDefinition, checkGiven, checkSite } from "./check-definition.js";
import {
  type GivenFields,
  type HeldFields,
  type InterventionField,
  type InterventionFields,
  isPlain,
  type JsonFields,
} from "./fields.js";
import { plainCopy } from "./plain-copy.js";
import { type AnyInterventionJson, describe, specify } from "./specification.js";

/** What an intervention is called, what it holds, and how it is made. */
export interface InterventionParts<Type extends string, Fields extends InterventionFields> {
  /** Its name in JSON and in text. */
  readonly type: Type;
  /** What it holds, in the order in which text gives it. */
  readonly fields: Fields;
  /** Makes the function, from fields that have been checked; may refuse combinations of them. */
  make(fields: HeldFields<Fields>): Intervention;
}

/** What parsers need of a definition, whatever its fields are. */
export interface AnyInterventionDefinition {
  readonly type: string;
  readonly fields: InterventionFields;
  /** Makes an intervention from fields that have been read already. */
  create(held: Readonly<Record<string, unknown>>): Intervention;
}

/** A defined intervention: called with its fields it makes one, and parsers take it among their `types`. */
export interface InterventionDefinition<Type extends string, Fields extends InterventionFields>
  extends AnyInterventionDefinition {
  (fields: GivenFields<Fields>): Intervention;
  readonly type: Type;
  readonly fields: Fields;
  create(held: HeldFields<Fields>): Intervention;
}

/** The JSON form of a definition's interventions. */
export type JsonOfDefinition<Definition, Self extends { readonly json: unknown }> =
  Definition extends InterventionDefinition<infer Type, infer Fields>
    ? { readonly type: Type } & JsonFields<Fields, Self>
    : never;

/**
 * Defines an intervention that is data: `toJSON` writes it, and `parseIntervention`, `parseInterventionText` and the rest read
 * it when it is among their `types`.
 *
 * Fields are zod schemas of plain data, `arrayField()`, `innerIntervention` or `innerInterventions`. Called from code, the
 * definition refuses fields that do not exist, with the nearest that does, and values that a schema refuses.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for names that text cannot hold, and schemas that JSON cannot express
 * @example
 * import { z } from "zod";
 *
 * const quantise = defineIntervention({
 *   type: "quantise",
 *   fields: { step: z.number().positive() },
 *   make: ({ step }) => (x) => mx.multiply(mx.round(mx.divide(x, step)), step),
 * });
 * toJSON(quantise({ step: 0.5 })); // { type: "quantise", step: 0.5 }
 * parseInterventionText("atHeads(0, quantise(0.5))", { types: [quantise] });
 */
export function defineIntervention<
  const Type extends string,
  const Fields extends InterventionFields,
>(parts: InterventionParts<Type, Fields>): InterventionDefinition<Type, Fields> {
  checkOptions("defineIntervention", parts, { type: true, fields: true, make: true });
  const { type, fields } = parts;
  checkDefinition(type, fields, parts.make);
  const create = (held: HeldFields<Fields>): Intervention => {
    const made = parts.make(held);
    requireFunction(`${type}: make`, made);
    const written = writer(type, fields, held as Readonly<Record<string, unknown>>);
    // a function of its own, with the marks of the one made, which others may share
    return specify(
      type,
      Object.assign<Intervention, object>(
        (x, site) => made(checkArray("x", x), checkSite(site)),
        made,
      ),
      written,
    );
  };
  const given = (values: GivenFields<Fields>): Intervention =>
    create(checkGiven(type, fields, values) as HeldFields<Fields>);
  return Object.assign(given, { type, fields, create });
}

/** Writes what an intervention holds, as JSON. */
function writer(
  type: string,
  fields: InterventionFields,
  held: Readonly<Record<string, unknown>>,
): (path: Path) => AnyInterventionJson {
  const present = Object.keys(fields).filter((name) => held[name] !== undefined);
  const kept = present.map((name) => [name, keep(name, fields[name], held[name])] as const);
  return (path) => ({
    type,
    ...Object.fromEntries(kept.map(([name, write]) => [name, write([...path, name])])),
  });
}

/** Copies what a field holds, and says how it is written. */
function keep(name: string, field: InterventionField, value: unknown): (path: Path) => unknown {
  if (isPlain(field)) {
    const data = plainCopy(name, value);
    return () => plainCopy(name, data);
  }
  if (value instanceof HeldArray) return (path) => value.toJSON(path);
  if (!Array.isArray(value)) return (path) => describe(value as Intervention, path);
  const list = [...(value as Intervention[])];
  return (path) => list.map((one, index) => describe(one, [...path, index]));
}
