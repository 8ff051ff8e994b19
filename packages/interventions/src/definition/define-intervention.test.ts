/** Interventions of a user's own, through the public door: JSON, text, files, combinators, refusals. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { growsBatch, InterpretableModel, skip, skipOptions } from "@mlxterp/core";
import { InvalidArgumentError, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  arrayField,
  atHeads,
  compose,
  defineIntervention,
  editsToJSON,
  InvalidInterventionError,
  innerIntervention,
  interventionsToJSON,
  loadEdits,
  parseIntervention,
  parseInterventionEntries,
  parseInterventions,
  parseInterventionText,
  saveEdits,
  scale,
  toJSON,
} from "../index.js";
import { counting, siteContext, values } from "../test-support.js";

const quantise = defineIntervention({
  type: "quantise",
  fields: { step: z.number().positive(), mode: z.enum(["round", "floor"]).default("round") },
  make:
    ({ step, mode }) =>
    (x) =>
      mx.multiply((mode === "floor" ? mx.floor : mx.round)(mx.divide(x, step)), step),
});
const mixed = defineIntervention({
  type: "mixed",
  fields: {
    share: z.number().min(0).max(1),
    with: innerIntervention,
    offset: arrayField().optional(),
  },
  make:
    ({ share, with: other, offset }) =>
    (x, site) => {
      const sum = mx.add(mx.multiply(x, 1 - share), mx.multiply(other(x, site), share));
      return offset ? mx.add(sum, offset.as(x.dtype, "mixed", site.site)) : sum;
    },
});
const types = [quantise, mixed];
const run = (intervention: ReturnType<typeof scale>) =>
  values(intervention(counting([1, 2, 2]), siteContext()));

describe("an intervention of the user's own", () => {
  it("does what it is made to do, alone and inside combinators", () => {
    expect(run(quantise({ step: 3 }))).toEqual([0, 3, 3, 3]);
    expect(run(mixed({ share: 0.5, with: scale(3), offset: [10, 20] }))).toEqual([12, 24, 16, 28]);
    expect(run(compose(quantise({ step: 3, mode: "floor" }), scale(2)))).toEqual([0, 0, 6, 6]);
  });

  it("is data: JSON and text make it again", () => {
    const json = toJSON(
      compose(mixed({ share: 0.5, with: quantise({ step: 2 }), offset: [1, 2] })),
    );
    expect(json).toEqual({
      type: "compose",
      interventions: [
        {
          type: "mixed",
          share: 0.5,
          with: { type: "quantise", step: 2, mode: "round" },
          offset: [1, 2],
        },
      ],
    });
    const again = parseIntervention(JSON.parse(JSON.stringify(json)), { types });
    expect(toJSON(again)).toEqual(json);
    const read = parseInterventionText("compose(mixed(0.5, quantise(2), [1, 2]))", { types });
    expect(toJSON(read)).toEqual(json);
    expect(run(read)).toEqual(run(again));
  });

  it("goes through records, entries and files of edits", async () => {
    const record = parseInterventionEntries(["a=quantise(2, mode=floor)"], { types });
    const json = interventionsToJSON(record);
    expect(json).toEqual({ a: [{ type: "quantise", step: 2, mode: "floor" }] });
    expect(interventionsToJSON(parseInterventions(json, { types }))).toEqual(json);
    const folder = mkdtempSync(join(tmpdir(), "own-"));
    try {
      const view = new InterpretableModel(new nn.Sequential(new nn.Linear(2, 2))).edit({
        "layers.0": quantise({ step: 2 }),
      });
      saveEdits(view, join(folder, "edits.json"));
      const edits = await loadEdits(join(folder, "edits.json"), { types });
      expect(editsToJSON({ edits })).toEqual(editsToJSON(view));
      await expect(loadEdits(join(folder, "edits.json"))).rejects.toThrow(/must be one of zeroOut/);
      const absent = loadEdits(join(folder, "absent.json"));
      await expect(absent).rejects.toMatchObject({ code: "FILE_ACCESS" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is known only to those who name it", () => {
    const json = toJSON(quantise({ step: 2 }));
    expect(() => parseIntervention(json)).toThrow(InvalidInterventionError);
    expect(() => parseInterventionText("quantise(2)")).toThrow(/no intervention 'quantise'/);
  });

  it("keeps what it was given, whatever becomes of the caller's list", () => {
    const lists = defineIntervention({
      type: "lists",
      fields: { by: z.array(z.number()) },
      make:
        ({ by }) =>
        (x) =>
          mx.multiply(x, by[0]),
    });
    const by = [2];
    const twice = lists({ by });
    by[0] = 5;
    expect(toJSON(twice)).toEqual({ type: "lists", by: [2] });
    expect(run(twice)).toEqual([2, 4, 6, 8]);
  });

  it("leaves a function that others share as it is, and keeps its marks", () => {
    const doubled = scale(2);
    const shared = growsBatch((x) => x);
    const names = { type: "named", fields: {}, make: () => doubled } as const;
    expect(toJSON(defineIntervention(names)({}))).toEqual({ type: "named" });
    expect(toJSON(doubled)).toEqual({ type: "scale", factor: 2 });
    const growing = defineIntervention({ type: "growing", fields: {}, make: () => shared })({});
    expect(Object.getOwnPropertySymbols(growing)).toEqual(
      expect.arrayContaining(Object.getOwnPropertySymbols(shared)),
    );
    const out = defineIntervention({
      type: "out",
      fields: {},
      make: () => skip({ output: "zeros" }),
    });
    expect(skipOptions(out({}))).toEqual({ output: "zeros" });
  });
});

describe("what is refused", () => {
  it("fields that do not exist, with the nearest, in code, JSON and text", () => {
    const code = () => quantise({ step: 1, mod: "floor" } as never);
    expect(code).toThrow(InvalidArgumentError);
    expect(code).toThrow(/Did you mean "mode"\?/);
    const json = { type: "quantise", step: 1, mod: "floor" };
    expect(() => parseIntervention(json, { types })).toThrow(/Did you mean "mode"\?/);
    expect(() => parseInterventionText("quantise(1, mod=floor)", { types })).toThrow(/"mode"\?/);
  });

  it.each<[string, () => unknown]>([
    ["step", () => quantise({ step: -1 })],
    ["step", () => quantise({} as never)],
    ["with", () => mixed({ share: 0.5, with: 3 as never })],
    ["offset", () => mixed({ share: 0.5, with: scale(1), offset: [Number.NaN] })],
    ["quantise: options", () => quantise(undefined as never)],
    ["type", () => defineIntervention({ type: "my-own", fields: {}, make: () => scale(1) })],
    [
      "fields.type",
      () => defineIntervention({ type: "a", fields: { type: z.int() }, make: () => scale(1) }),
    ],
    [
      "fields.when",
      () => defineIntervention({ type: "a", fields: { when: z.date() }, make: () => scale(1) }),
    ],
    [
      "fields.by",
      () => defineIntervention({ type: "a", fields: { by: 3 as never }, make: () => scale(1) }),
    ],
    ["make", () => defineIntervention({ type: "a", fields: {}, make: 3 as never })],
    ["a: make", () => defineIntervention({ type: "a", fields: {}, make: () => 3 as never })({})],
    [
      "types[0]",
      () => parseIntervention({ type: "scale", factor: 1 }, { types: [scale as never] }),
    ],
    [
      "types[1]",
      () =>
        parseInterventionText("scale(1)", {
          types: [
            quantise,
            defineIntervention({ type: "scale", fields: {}, make: () => scale(1) }),
          ],
        }),
    ],
    ["parseIntervention: type", () => parseIntervention({}, { type: [] } as never)],
  ])("%s, by name", (argument, call) => {
    let error: unknown;
    try {
      call();
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as InvalidArgumentError).argument).toBe(argument);
  });

  it("what a definition's own make refuses, at its path in JSON", () => {
    const even = defineIntervention({
      type: "even",
      fields: { by: z.int() },
      make({ by }) {
        if (by % 2 !== 0) throw new InvalidArgumentError("by", by, "must be even.");
        return scale(by);
      },
    });
    const json = { type: "atHeads", heads: 0, intervention: { type: "even", by: 3 } };
    expect(() => parseIntervention(json, { types: [even] })).toThrow(
      /^intervention\.by: must be even/,
    );
    expect(toJSON(atHeads(0, even({ by: 2 })))).toEqual({
      ...json,
      intervention: { type: "even", by: 2 },
    });
  });
});
