/** Every definition, on random fields: JSON and text bring back the same effect, and misspelt fields are refused. */
import { type Intervention, skipOptions } from "@mlxterp/core";
import { mx } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { AnyInterventionDefinition } from "../definition/define-intervention.js";
import { type InterventionField, isPlain } from "../definition/fields.js";
import { InterventionSyntaxError, InvalidInterventionError } from "../errors.js";
import { parseIntervention } from "../json/parse-json.js";
import { toJSON } from "../json/to-json.js";
import { siteContext, values } from "../test-support.js";
import { parseInterventionText } from "../text/parse-text.js";
import { interventionToText } from "../text/to-text.js";
import { builtIn, type InterventionJson } from "./built-in.js";

const shape = [2, 3, 2, 2];
const contexts = [
  siteContext({ site: "layers.1.selfAttn.z", axes: ["batch", "position", "heads", "headDim"] }),
  siteContext({ site: "layers.1.selfAttn.pattern", axes: ["batch", "heads", "query", "key"] }),
  siteContext({ site: "layers.1.mlp.post", axes: ["batch", "position", "heads", "mlpHidden"] }),
];
const number = fc
  .double({ min: -50, max: 50, noNaN: true })
  .map((value) => Number(value.toFixed(3)) + 0);
const vector = fc.tuple(number, number).filter((pair) => Math.hypot(...pair) > 0.01);
const index = fc.integer({ min: -2, max: 1 });
const several = fc.oneof(index, fc.array(index, { minLength: 1, maxLength: 3 }));
const inner = fc.oneof(
  fc.constant({ type: "zeroOut" }),
  number.map((factor) => ({ type: "scale", factor })),
  vector.map((vector) => ({
    type: "atHeads",
    heads: 0,
    intervention: { type: "addVector", vector },
  })),
);

/** Values that a field of a name may have, where its kind alone does not say. */
const named: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  heads: several,
  neurons: several,
  rows: several,
  axis: fc.constant(1),
  positions: fc.oneof(
    several,
    fc.constant({ from: -2 }),
    fc.constant({ to: 2 }),
    fc.constant({ from: 0, to: 2 }),
  ),
  min: number.map((value) => -Math.abs(value)),
  max: number.map(Math.abs),
  std: number.map(Math.abs),
  seed: fc.nat(),
};

function fieldValue(name: string, field: InterventionField): fc.Arbitrary<unknown> {
  if (Object.hasOwn(named, name)) return named[name];
  if (!isPlain(field)) {
    if (field.kind === "array") return vector;
    return field.kind === "intervention" ? inner : fc.array(inner, { maxLength: 3 });
  }
  const {
    enum: words,
    items,
    type,
  } = z.toJSONSchema(field) as {
    enum?: string[];
    items?: { enum: string[] };
    type?: string;
  };
  if (words) return fc.constantFrom(...words);
  if (items) return fc.uniqueArray(fc.constantFrom(...items.enum), { minLength: 1 });
  if (type === "number") return number.filter((value) => field.safeParse(value).success);
  throw new Error(`Say in \`named\` what ${name} may be.`);
}

const isOptional = (field: InterventionField) =>
  isPlain(field) ? field.safeParse(undefined).success : field.kind === "array" && field.isOptional;

function randomJson({ type, fields }: AnyInterventionDefinition): fc.Arbitrary<InterventionJson> {
  const given = Object.entries(fields).map(([name, field]) => {
    const value = fieldValue(name, field);
    return [name, isOptional(field) ? fc.option(value, { nil: undefined }) : value] as const;
  });
  return fc
    .record({ type: fc.constant(type), ...Object.fromEntries(given) })
    .map((json) => JSON.parse(JSON.stringify(json)) as InterventionJson)
    .filter((json) => type !== "clamp" || Object.keys(json).length > 1)
    .filter((json) => type !== "cap" || "min" in json || "max" in json)
    .filter((json) => !("mean" in json && "over" in json));
}

/** Text of the JSON form, written by other means than those that read it. */
function text(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(text).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (!("type" in value)) {
    const { from, to } = value as { from?: number; to?: number };
    return `${from ?? ""}..${to ?? ""}`;
  }
  const { type, ...fields } = value as { type: string };
  const list = Object.entries(fields);
  const isList = type === "compose";
  const given = isList
    ? (list[0][1] as unknown[]).map(text)
    : list.map(([name, one]) => `${name}=${text(one)}`);
  return `${type}(${given.join(", ")})`;
}

/** What an intervention does to one array; a skip does it to a module, which is described instead. */
function effect(intervention: Intervention, json: InterventionJson): unknown {
  if (skipOptions(intervention)) return skipOptions(intervention)?.output;
  const x = mx.random.normal(shape, mx.float32, 0, 1, mx.random.key(7));
  const context = contexts[["atKeys", "atNeurons"].indexOf(json.type) + 1];
  return values(intervention(x, context));
}

describe.each(
  builtIn.map((definition): [string, AnyInterventionDefinition] => [definition.type, definition]),
)("%s", (type, definition) => {
  it("has the same effect after JSON and after text, on random fields", () => {
    fc.assert(
      fc.property(randomJson(definition), (json) => {
        const made = parseIntervention(json);
        expect(toJSON(made)).toEqual(json);
        const expected = effect(made, json);
        const again = parseIntervention(JSON.parse(JSON.stringify(toJSON(made))));
        expect(effect(again, json)).toEqual(expected);
        const read = parseInterventionText(text(json));
        expect(toJSON(read)).toEqual(json);
        expect(effect(read, json)).toEqual(expected);
        expect(toJSON(parseInterventionText(interventionToText(made)))).toEqual(json);
      }),
      { numRuns: 40 },
    );
  });

  it("refuses a misspelt field, and proposes the nearest", () => {
    const [json] = fc.sample(randomJson(definition), { numRuns: 1, seed: 1 });
    const [name = "field"] = Object.keys(definition.fields);
    const wrong = { ...json, [`${name}s`]: 1 };
    const proposal =
      Object.keys(definition.fields).length > 0 ? `Did you mean "${name}"?` : "nothing";
    expect(() => parseIntervention(wrong)).toThrow(InvalidInterventionError);
    expect(() => parseIntervention(wrong)).toThrow(proposal);
    if (type === "compose") return; // its text has no names of fields
    const call = text(json)
      .replace(/\((?=.)/, `(${name}s=1, `)
      .replace(", )", ")");
    expect(() => parseInterventionText(call)).toThrow(InterventionSyntaxError);
    expect(() => parseInterventionText(call)).toThrow(proposal);
  });
});

it("a misspelt type is refused with the nearest, in JSON and in text", () => {
  expect(() => parseIntervention({ type: "scle", factor: 1 })).toThrow(/Did you mean "scale"\?/);
  expect(() => parseInterventionText("atHead(0, zeroOut())")).toThrow(/Did you mean "atHeads"\?/);
});
