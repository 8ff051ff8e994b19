/** The text form: what it means as JSON, and where its errors point. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { InterventionSyntaxError } from "../errors.js";
import {
  atNeurons,
  atPositions,
  clamp,
  compose,
  defineIntervention,
  scale,
  zeroOut,
} from "../index.js";
import { interventionsToJSON, toJSON } from "../json/to-json.js";
import { parseInterventionEntries, parseInterventionText } from "./parse-text.js";
import { interventionsToEntries, interventionToText } from "./to-text.js";

const json = (text: string) => toJSON(parseInterventionText(text));
const zero = { type: "zeroOut" };

describe("parseInterventionText", () => {
  it.each<[string, unknown]>([
    ["zeroOut()", zero],
    ["skip()", { type: "skip" }],
    ["skip(zeros)", { type: "skip", output: "zeros" }],
    ["  scale ( -0.5 ) ", { type: "scale", factor: -0.5 }],
    ["scale(1e-3)", { type: "scale", factor: 0.001 }],
    ["scale(factor=.5)", { type: "scale", factor: 0.5 }],
    ["noise(0.1, seed=3)", { type: "noise", std: 0.1, seed: 3 }],
    ["clamp(-1, 1)", { type: "clamp", min: -1, max: 1 }],
    ["clamp(max=2.)", { type: "clamp", max: 2 }],
    ["addVector([1, -2.5], scale=2)", { type: "addVector", vector: [1, -2.5], scale: 2 }],
    ["replaceWith(-Infinity)", { type: "replaceWith", value: "-Infinity" }],
    ["replaceWith([[1],[2]])", { type: "replaceWith", value: [[1], [2]] }],
    ["project([1, 0])", { type: "project", directions: [1, 0] }],
    ["ablateDirection([[1, 0]])", { type: "ablateDirection", directions: [[1, 0]] }],
    ["meanAblate()", { type: "meanAblate" }],
    ["meanAblate(over=[batch])", { type: "meanAblate", over: ["batch"] }],
    ["atHeads([4], zeroOut())", { type: "atHeads", heads: [4], intervention: zero }],
    ["atBatch(0, zeroOut(), axis=0)", { type: "atBatch", rows: 0, intervention: zero, axis: 0 }],
    ["atPositions(-1, zeroOut())", { type: "atPositions", positions: -1, intervention: zero }],
    [
      "atPositions(2..5, zeroOut())",
      { type: "atPositions", positions: { from: 2, to: 5 }, intervention: zero },
    ],
    [
      "atPositions(-3.., zeroOut())",
      { type: "atPositions", positions: { from: -3 }, intervention: zero },
    ],
    ["atKeys(..-2, zeroOut())", { type: "atKeys", positions: { to: -2 }, intervention: zero }],
    ["compose()", { type: "compose", interventions: [] }],
    [
      "compose(scale(2), atHeads(1, zeroOut()))",
      {
        type: "compose",
        interventions: [
          { type: "scale", factor: 2 },
          { type: "atHeads", heads: 1, intervention: zero },
        ],
      },
    ],
  ])("reads %s", (text, expected) => {
    expect(json(text)).toEqual(expected);
  });

  it.each<[string, number, RegExp]>([
    ["", 1, /expected an intervention, found 'the end'/],
    ["scale(0.5", 10, /expected ',' or '\)', found 'the end'/],
    ["scale 0.5", 7, /expected '\(', found '0.5'/],
    ["scale(0.5) x", 12, /expected the end, found 'x'/],
    ["scale(0,5)", 9, /no further argument/],
    ["scale(5; 6)", 8, /unexpected ';'/],
    ["zeroout()", 1, /no intervention 'zeroout'. There are zeroOut/],
    ["constructor()", 1, /no intervention 'constructor'/],
    ["patchFrom(cache)", 1, /no intervention 'patchFrom'/],
    ["noise(0.1, sed=3)", 12, /noise takes std, seed; there is no sed/],
    ["noise(0.1, std=3)", 12, /std is given twice/],
    ["scale(NaN)", 7, /factor: .*expected number/],
    ["scale(1e999)", 7, /factor/],
    ["scale()", 1, /factor/],
    ["clamp(3, 1)", 7, /min: must not exceed max/],
    ["atHeads([], zeroOut())", 9, /heads/],
    ["atHeads([1, 2.5], zeroOut())", 13, /int/],
    ["compose(scale(1), atHeads(0, clamp(2, 1)))", 36, /min/],
    ["atPositions(5..2, zeroOut())", 13, /from 5 to 2 is empty/],
    ["atHeads(0, 3)", 12, /intervention/],
    ["atHeads(0 zeroOut())", 11, /expected ',' or '\)'/],
    ["addVector([1, 2)", 16, /expected ',' or ']'/],
  ])("%s is wrong at column %i", (text, column, message) => {
    let error: unknown;
    try {
      parseInterventionText(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(InterventionSyntaxError);
    expect((error as InterventionSyntaxError).message).toMatch(message);
    expect((error as InterventionSyntaxError).column).toBe(column);
  });

  it("refuses text nested without end, instead of exhausting the stack", () => {
    expect(() => parseInterventionText("compose(".repeat(10_000))).toThrow(InterventionSyntaxError);
    expect(() => parseInterventionText(`replaceWith(${"[".repeat(10_000)}`)).toThrow(/nested/);
  });
});

describe("parseInterventionEntries", () => {
  it("joins entries of one site in their order", () => {
    const record = parseInterventionEntries([
      "layers.3.mlp=scale(0.5)",
      "layers.{0,5}.selfAttn.z = atHeads([4], zeroOut())",
      "layers.3.mlp=noise(0.1, seed=1)",
    ]);
    expect(interventionsToJSON(record)).toEqual({
      "layers.3.mlp": [
        { type: "scale", factor: 0.5 },
        { type: "noise", std: 0.1, seed: 1 },
      ],
      "layers.{0,5}.selfAttn.z": [{ type: "atHeads", heads: [4], intervention: zero }],
    });
  });

  it("counts columns in the whole entry", () => {
    expect(() => parseInterventionEntries(["layers.3=scale(x)"])).toThrow(/^Column 16 /);
    expect(() => parseInterventionEntries(["scale(0.5)"])).toThrow(/expected a site/);
    expect(() => parseInterventionEntries(["=scale(0.5)"])).toThrow(/expected a site/);
  });
});

describe("text that is written", () => {
  it("is read again, with a range, infinities and sites", () => {
    const record = {
      "layers.2": [scale(0.5), atPositions({ from: -3 }, atNeurons(4, zeroOut()))],
      "layers.3": compose(scale(2), clamp({ min: -1 })),
    };
    const entries = interventionsToEntries(record);
    expect(entries).toEqual([
      "layers.2=scale(factor=0.5)",
      "layers.2=atPositions(positions=-3.., intervention=atNeurons(neurons=4, intervention=zeroOut()))",
      "layers.3=compose(scale(factor=2), clamp(min=-1))",
    ]);
    const again = interventionsToJSON(parseInterventionEntries(entries));
    expect(again["layers.2"]).toEqual(interventionsToJSON(record)["layers.2"]);
  });

  it("is refused for what the form lacks, by the part", () => {
    const flagged = defineIntervention({
      type: "flagged",
      fields: { on: z.boolean() },
      make: () => (x) => x,
    });
    const both = compose(scale(2), flagged({ on: true }));
    const refused = expect.objectContaining({ code: "NOT_SERIALIZABLE" });
    expect(() => interventionToText(both)).toThrow(refused);
    expect(() => interventionToText(both, { types: [flagged] })).toThrow(
      /\.on .*boolean like true/,
    );
    expect(() => interventionsToEntries({ "layers.3": (x) => x })).toThrow(refused);
  });
});
