/** Forms made of schemas: fields of every kind, and what is written in them as the options a method takes. */
import { fieldsOf as optionFields } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type FormField, fieldsOf } from "./fields.js";
import type { JsonSchema } from "./json-schema.js";
import { missingFields, optionsOf, writtenAs } from "./values.js";

const token = z.union([z.int().min(0), z.string()]);
const schema = z.toJSONSchema(
  z.object({
    topK: z.int().min(1).max(9).default(5).describe("tokens listed"),
    answer: z.union([token, z.array(token).min(1).readonly()]).describe("the answer"),
    kl: z.boolean().default(false),
    layers: z.array(z.int()).min(1).optional(),
    kinds: z
      .union([z.enum(["residual", "head"]), z.array(z.enum(["residual", "head"])).min(1)])
      .default("residual"),
    metric: z.union([z.enum(["kl", "rank"]), z.custom<() => number>()]).optional(),
    heads: z.array(z.tuple([z.int(), z.int()])).optional(),
    share: z.number().min(0).max(1).default(0.5),
    sites: z.array(z.string()).optional(),
    positions: z.union([z.enum(["each", "all"]), z.array(z.int()).min(1)]).optional(),
    learningRate: z.number().gt(0).default(0.02),
  }),
  { io: "input", unrepresentable: "any" },
) as JsonSchema;

const field = (name: string) => fieldsOf(schema).find((one) => one.name === name)!;

describe("the fields of a schema", () => {
  it("asks first for what must be given, and says the rest in the schema's own words", () => {
    const [first, second] = fieldsOf(schema);
    expect([first.name, first.required]).toEqual(["answer", true]);
    expect(second).toMatchObject({ name: "topK", kind: "number", default: 5, minimum: 1, maximum: 9, help: "tokens listed", step: 1 }); // biome-ignore format: one field
    expect(field("learningRate").label).toBe("learning rate");
  });

  it("has a kind for each kind of option", () => {
    const kinds = fieldsOf(schema).map(({ name, kind }) => [name, kind]);
    expect(Object.fromEntries(kinds)).toEqual({
      ...{ answer: "text", topK: "number", kl: "switch", layers: "text", kinds: "choices" },
      ...{ metric: "choice", heads: "text", share: "number", sites: "text", positions: "text" },
      learningRate: "number",
    });
    expect(field("kinds").words).toEqual(["residual", "head"]);
    expect(field("metric").words).toEqual(["kl", "rank"]);
  });

  it("makes a form of every method there is, which its schema takes as it is filled in", async () => {
    const { methods } = await import("@mlxterp/analysis/methods");
    for (const { name, options } of methods) {
      const json = z.toJSONSchema(options, { io: "input", unrepresentable: "any" }) as JsonSchema;
      const fields = fieldsOf(json);
      const shown = optionFields(options).filter(({ writes }) => writes === undefined); // a server writes no files
      expect(fields.map((one) => one.name).sort(), name).toEqual(shown.map((one) => one.name).sort()); // biome-ignore format: one line
      const answer = (field: FormField) => {
        if (!field.required) return writtenAs(field, field.default);
        return JSON.stringify(field.schema).includes("string") ? "Mary" : "3.0, 1.2";
      };
      const filled = Object.fromEntries(fields.map((one) => [one.name, answer(one)]));
      expect(options.safeParse(optionsOf(json, filled)).error?.issues ?? [], name).toEqual([]);
    }
  });
});

describe("what is written in a form", () => {
  it("becomes options; what is empty is left to the method", () => {
    const values = { answer: "Mary", topK: "3", layers: "0, -1", kinds: ["head"], heads: "3.0, 1.2", share: "", kl: true, sites: "layers.*, output" }; // biome-ignore format: one form
    expect(optionsOf(schema, values)).toEqual({
      ...{ answer: "Mary", topK: 3, layers: [0, -1], kinds: ["head"], kl: true },
      heads: [
        [3, 0],
        [1, 2],
      ],
      sites: ["layers.*", "output"],
    });
    expect(optionsOf(schema, { answer: "Mary", kl: false })).toEqual({ answer: "Mary" });
  });

  it("keeps a text with commas or a bracket in it as it is, where a text is taken", () => {
    expect(optionsOf(schema, { answer: "a, b" })).toEqual({ answer: "a, b" });
    expect(optionsOf(schema, { answer: "[x" })).toEqual({ answer: "[x" });
    expect(optionsOf(schema, { answer: '["Mary", "John"]' })).toEqual({ answer: ["Mary", "John"] });
  });

  it("is a number or a word where both are taken, not a number as text", () => {
    expect(optionsOf(schema, { positions: "-1" })).toEqual({ positions: [-1] });
    expect(optionsOf(schema, { positions: " each" })).toEqual({ positions: "each" });
    const either = { properties: { at: { anyOf: [{ type: "integer" }, { type: "string", enum: ["mean"] }] } } }; // biome-ignore format: one schema
    expect(optionsOf(either, { at: "-1" })).toEqual({ at: -1 });
  });

  it("is refused by name where it cannot be read", () => {
    expect(() => optionsOf(schema, { topK: "2.5" })).toThrow(
      "top k: must be an integer from 1 to 9.",
    );
    expect(() => optionsOf(schema, { layers: "first" })).toThrow("layers: must be numbers");
    expect(() => optionsOf(schema, { layers: "[1" })).toThrow("layers: is no JSON");
    expect(missingFields(schema, { answer: " " }).map(({ name }) => name)).toEqual(["answer"]);
  });

  it("goes back into the field it came from", () => {
    const options = { answer: "Mary", layers: [0, -1], heads: [[3, 0]], kinds: ["head"] };
    const values = Object.fromEntries(fieldsOf(schema).map((one) => [one.name, writtenAs(one, (options as Record<string, unknown>)[one.name])])); // biome-ignore format: one form
    expect(optionsOf(schema, values)).toEqual(options);
  });
});
