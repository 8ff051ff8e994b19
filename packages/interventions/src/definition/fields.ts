/** What the fields of an intervention can be: plain data by a zod schema, arrays, and interventions inside. */
import type { Intervention } from "@mlxterp/core";
import { checkBoolean, checkOptions, type MxArray } from "@mlxterp/mlx";
import type { z } from "zod";
import type { HeldArray } from "../values/held-array.js";
import type { JsonArray } from "../values/json-numbers.js";
import type { Numbers } from "../values/numbers.js";

/** A field of numbers: a list or an array in code, nested numbers in JSON. `make` gets it copied. */
export class ArrayField<Optional extends boolean = boolean> {
  readonly kind = "array";
  constructor(
    readonly isOptional: Optional,
    readonly infinities: boolean,
  ) {}

  /** The same field, which may be left out. */
  optional(): ArrayField<true> {
    return new ArrayField(true, this.infinities);
  }
}

/**
 * A field of numbers of any shape. In code it is given as a number, nested lists or an array; in JSON as numbers.
 *
 * @param options `infinities` lets them pass; NaN never does
 * @example
 * const shift = defineIntervention({
 *   type: "shift",
 *   fields: { by: arrayField() },
 *   make: ({ by }) => (x, { site }) => mx.add(x, by.as(x.dtype, "shift", site)),
 * });
 * toJSON(shift({ by: [1, 2] })); // { type: "shift", by: [1, 2] }
 */
export function arrayField(options: { readonly infinities?: boolean } = {}): ArrayField<false> {
  checkOptions("arrayField", options, { infinities: checkBoolean });
  return new ArrayField(false, options.infinities ?? false);
}

/** A field that holds one intervention, for combinators. */
export const innerIntervention = { kind: "intervention" } as const;

/** A field that holds any number of interventions. */
export const innerInterventions = { kind: "interventions" } as const;

export type InnerField = typeof innerIntervention;
export type InnerListField = typeof innerInterventions;

/** One field: a zod schema of plain data, `arrayField()`, `innerIntervention` or `innerInterventions`. */
export type InterventionField = z.ZodType | ArrayField | InnerField | InnerListField;

/** Fields by name, in the order in which text gives them. */
export type InterventionFields = Readonly<Record<string, InterventionField>>;

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

type Given<Field> =
  Field extends ArrayField<infer Optional>
    ? Numbers | MxArray | (Optional extends true ? undefined : never)
    : Field extends InnerField
      ? Intervention
      : Field extends InnerListField
        ? readonly Intervention[]
        : Field extends z.ZodType
          ? Frozen<z.input<Field>>
          : never;

type Held<Field> =
  Field extends ArrayField<infer Optional>
    ? HeldArray | (Optional extends true ? undefined : never)
    : Field extends z.ZodType
      ? Frozen<z.output<Field>>
      : Given<Field>;

/** The JSON of a field, where `Self["json"]` is that of the interventions inside. */
type JsonOfField<Field, Self extends { readonly json: unknown }> = Field extends ArrayField
  ? JsonArray
  : Field extends InnerField
    ? Self["json"]
    : Field extends InnerListField
      ? readonly Self["json"][]
      : Field extends z.ZodType
        ? Frozen<z.output<Field>>
        : never;

type OptionalNames<Fields> = {
  [Name in keyof Fields]: undefined extends Given<Fields[Name]> ? Name : never;
}[keyof Fields];

/** What a call gives. */
export type GivenFields<Fields> = {
  readonly [Name in Exclude<keyof Fields, OptionalNames<Fields>>]: Given<Fields[Name]>;
} & { readonly [Name in OptionalNames<Fields>]?: Given<Fields[Name]> };

/** What `make` gets: arrays copied, plain data as its schema returns it. */
export type HeldFields<Fields> = {
  readonly [Name in Exclude<keyof Fields, OptionalNames<Fields>>]: Held<Fields[Name]>;
} & { readonly [Name in OptionalNames<Fields>]?: Held<Fields[Name]> };

/** What JSON holds, beside `type`. */
export type JsonFields<Fields, Self extends { readonly json: unknown }> = {
  readonly [Name in Exclude<keyof Fields, OptionalNames<Fields>>]: JsonOfField<Fields[Name], Self>;
} & { readonly [Name in OptionalNames<Fields>]?: JsonOfField<Fields[Name], Self> };

/** Whether a field holds plain data, described by a zod schema. */
export function isPlain(field: InterventionField): field is z.ZodType {
  const { kind } = field as { readonly kind?: unknown };
  return !["array", "intervention", "interventions"].includes(kind as string);
}
