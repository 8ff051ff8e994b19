/** From JSON to interventions. */
import type { Intervention, Interventions } from "@mlxterp/core";
import { InvalidArgumentError, isRecord } from "@mlxterp/mlx";
import type { z } from "zod";
import { builtIn } from "../built-in/built-in.js";
import type { InterventionField } from "../definition/fields.js";
import { isPlain } from "../definition/fields.js";
import type { AnyInterventionJson } from "../definition/specification.js";
import { InvalidInterventionError, type Path } from "../errors.js";
import { HeldArray } from "../values/held-array.js";
import type { JsonArray } from "../values/json-numbers.js";
import { readArray } from "../values/numbers.js";
import { type KnownTypes, knownTypes, type ParseOptions } from "./known-types.js";
import { interventionSchema, schemaOf } from "./schema.js";
import { requireShallow, schemaError } from "./schema-error.js";

/**
 * Makes an intervention from its JSON form, as `toJSON` writes it or as written by hand.
 *
 * @param json an object with a `type`
 * @param options `types` of your own, made by `defineIntervention`
 * @throws InvalidInterventionError (`INVALID_INTERVENTION`) with the path and the value that is wrong
 * @example
 * parseIntervention({ type: "atHeads", heads: 4, intervention: { type: "zeroOut" } });
 */
export function parseIntervention(json: unknown, options: ParseOptions = {}): Intervention {
  return new Parser(knownTypes("parseIntervention", options)).one(json, []);
}

/**
 * Makes a whole record of interventions from its JSON form.
 *
 * @param json an object from sites or selectors to an intervention or a list of them
 * @param options `types` of your own, made by `defineIntervention`
 * @throws InvalidInterventionError (`INVALID_INTERVENTION`) with the path and the value that is wrong
 * @example
 * parseInterventions({ "layers.3.mlp": { type: "scale", factor: 0.5 } });
 */
export function parseInterventions(json: unknown, options: ParseOptions = {}): Interventions {
  return new Parser(knownTypes("parseInterventions", options)).record(json, []);
}

/** Reads interventions of some types. */
export class Parser {
  private readonly schema: z.ZodType<AnyInterventionJson>;

  constructor(private readonly known: KnownTypes) {
    this.schema =
      known.size === builtIn.length ? interventionSchema : schemaOf([...known.values()]);
  }

  /** @param path where the record stands, for messages */
  record(json: unknown, path: Path): Interventions {
    if (!isRecord(json)) {
      const rule = "must be an object from sites to interventions.";
      throw new InvalidInterventionError(path, json, rule);
    }
    return Object.fromEntries(
      Object.entries(json).map(([site, given]: [string, unknown]) => [
        site,
        Array.isArray(given)
          ? given.map((one: unknown, index) => this.one(one, [...path, site, index]))
          : this.one(given, [...path, site]),
      ]),
    );
  }

  /** @param path where the intervention stands, for messages */
  one(json: unknown, path: Path): Intervention {
    requireShallow(json, path);
    const result = this.schema.safeParse(json);
    if (!result.success) throw schemaError(result.error, json, path);
    return this.build(result.data, path);
  }

  private build(json: AnyInterventionJson, path: Path): Intervention {
    const definition = this.known.get(json.type);
    if (!definition) throw new InvalidInterventionError(path, json, "has a type nobody knows.");
    const given = json as unknown as Readonly<Record<string, unknown>>;
    const present = Object.entries(definition.fields).filter(([name]) => given[name] !== undefined);
    try {
      const held = present.map(([name, field]) => [
        name,
        this.read(name, field, given[name], path),
      ]);
      return definition.create(Object.fromEntries(held) as Record<string, unknown>);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      const rule = error.message.slice(error.argument.length + 2);
      const where = [...path, error.argument];
      throw new InvalidInterventionError(where, error.value, rule, { cause: error });
    }
  }

  private read(name: string, field: InterventionField, json: unknown, path: Path): unknown {
    if (isPlain(field)) return json;
    if (field.kind === "array") {
      const numbers = readArray(name, json as JsonArray);
      return new HeldArray(name, numbers, { infinities: field.infinities });
    }
    if (field.kind === "intervention")
      return this.build(json as AnyInterventionJson, [...path, name]);
    return (json as AnyInterventionJson[]).map((one, index) =>
      this.build(one, [...path, name, index]),
    );
  }
}
