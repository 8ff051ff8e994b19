/** Grids, formats, comparison, options and fields, against values written out by hand. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  bootstrapMean,
  compare,
  createGrid,
  createTable,
  fieldsOf,
  formatCell,
  formatNumber,
  formatPercent,
  fromJson,
  gridToCsv,
  originDifferences,
  parseOptions,
  type Result,
  ResultFormatError,
  requireSameOrigin,
  resultsFromJson,
  resultsToCsv,
  rowsOf,
  rowsToCsv,
  sliceOf,
  tableToCsv,
  toJson,
  valueAt,
  visibleToken,
} from "./index.js";

const tokens = [" a", '"b"'].map((text, position) => ({ id: position + 5, text, position }));
const grid = createGrid({
  labels: { layer: [2, 4], position: tokens },
  values: [1, 2, 3, Number.NaN],
  unit: "logits",
});

function result(changes: Partial<Result> = {}): Result {
  return {
    method: "test",
    asked: { topK: 5, $odd: null },
    fed: [{ role: "prompt", ids: [5, 6], pieces: [" a", '"b"'] }],
    grids: { effect: grid },
    tables: {
      losses: createTable(["layer", "loss"], [{ layer: 0, loss: Number.POSITIVE_INFINITY }]),
    },
    notes: [],
    provenance: {
      model: "m",
      device: "cpu",
      edits: [],
      versions: {},
      time: "2026-01-01T00:00:00Z",
    },
    ...changes,
  };
}

describe("a grid", () => {
  it("is read by its labels, negative from the end, tokens by their position", () => {
    expect(valueAt(grid, { layer: 2, position: 1 })).toBe(2);
    expect(valueAt(grid, { layer: -1, position: 0 })).toBe(3);
    expect([...sliceOf(grid, { position: 0 })]).toEqual([1, 3]);
    expect(rowsOf(grid)).toEqual([
      [1, 2],
      [3, Number.NaN],
    ]);
  });

  it("refuses axes, places and sizes that it does not have, by name", () => {
    expect(() => sliceOf(grid, { postion: 0 } as object)).toThrow('Did you mean "position"?');
    expect(() => valueAt(grid, { layer: 3, position: 0 })).toThrow(
      "3 is not there; there are 2, 4",
    );
    expect(() => createGrid({ labels: { a: [1, 2] }, values: [1], unit: "count" })).toThrow(
      "1 numbers do not fill 2 × a",
    );
  });
});

describe("JSON", () => {
  it("brings typed arrays, NaN, infinities, −0 and keys with a dollar back", () => {
    const value = {
      values: Float32Array.of(0.1, Number.NaN, Number.NEGATIVE_INFINITY, -0),
      list: [Number.NaN, -0, 1e-320, Number.POSITIVE_INFINITY],
      $number: { $float32: "mine" },
      bytes: Uint8Array.of(0, 255),
      $$: 1,
    };
    expect(fromJson(toJson(value))).toEqual(value);
    expect(Object.is((fromJson(toJson(value)) as typeof value).list[1], -0)).toBe(true);
    expect(toJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  });

  it("refuses what is no data, and marks that mean nothing", () => {
    expect(() => toJson({ metric: () => 1 })).toThrow("the value.metric is function");
    for (const text of [
      '{"$float32":"x"}',
      '{"$float32":[{}]}',
      '{"$number":"7"}',
      "{",
      '{"$x":1}',
    ]) {
      expect(() => fromJson(text)).toThrow(expect.objectContaining({ code: "RESULT_FORMAT" }));
    }
  });

  it("refuses what is so deep that it exhausts whoever looks at it", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ]) {
      expect(() => fromJson(`${open.repeat(100_000)}1${close.repeat(100_000)}`)).toThrow(
        ResultFormatError,
      );
      expect(fromJson(`${open.repeat(100)}1${close.repeat(100)}`)).toBeDefined();
    }
  });

  it("says what is missing of a result", () => {
    expect(resultsFromJson(toJson([result(), result()]))).toEqual([result(), result()]);
    expect(() => resultsFromJson("3")).toThrow("it is no object");
    expect(() => resultsFromJson('{"method":"lens"}')).toThrow("it has no asked");
    const short = { ...result(), grids: { effect: { ...grid, values: Float64Array.of(1) } } };
    expect(() => resultsFromJson(toJson(short))).toThrow('"effect" has 1 of 4 numbers');
  });
});

describe("CSV", () => {
  it("has a line for each number, with the text of tokens quoted where needed", () => {
    expect(gridToCsv(grid).split("\r\n").slice(0, 3)).toEqual([
      "layer,position,positionText,logits",
      "2,0, a,1",
      '2,1,"""b""",2',
    ]);
    expect(tableToCsv(createTable(["a", "b"], [{ a: "x,y", b: null }]))).toBe('a,b\r\n"x,y",\r\n');
  });
});

describe("CSV of whole results", () => {
  it("is one table: every number and row with its part, and which result it is of", () => {
    const lines = resultsToCsv([result(), result({ grids: {} })]).split("\r\n");
    expect(lines[0]).toBe("result,part,layer,position,positionText,value,unit,loss");
    expect(lines[1]).toBe("0,effect,2,0, a,1,logits,");
    expect(lines[4]).toBe('0,effect,4,1,"""b""",NaN,logits,');
    expect(lines[5]).toBe("0,losses,0,,,,,Infinity");
    expect(lines[6]).toBe("1,losses,0,,,,,Infinity");
    expect(lines).toHaveLength(8);
  });

  it("of one result names none, and nothing is an empty table", () => {
    expect(resultsToCsv([result({ grids: {} })])).toBe("part,layer,loss\r\nlosses,0,Infinity\r\n");
    expect(rowsToCsv([])).toBe("\r\n");
  });
});

describe("compare", () => {
  it("finds results equal that passed through JSON, and says where others part", () => {
    expect(compare(result(), resultsFromJson(toJson(result()))[0])).toBeUndefined();
    const later = { ...result().provenance, time: "later", versions: { node: "30" } };
    expect(compare(result(), result({ provenance: later }))).toBeUndefined();
    const other = createGrid({ ...grid, values: [1, 2, 3.001, Number.NaN] });
    const changed = result({ grids: { effect: other } });
    expect(compare(result(), changed)?.path).toBe("grids.effect.values[2]");
    expect(compare(result(), changed)?.text).toContain("3 in the first, 3.001 in the second");
    expect(compare(result(), changed, { absolute: 0.01 })).toBeUndefined();
    expect(compare(result(), changed, { relative: 1e-2 })).toBeUndefined();
    const seeded = { ...result().provenance, seed: 1 };
    expect(compare(result(), result({ provenance: seeded }))?.path).toBe("provenance.seed");
    expect(compare([result()], [])?.path).toBe(".length");
  });
});

const schema = z
  .object({
    topK: z.int().min(1).default(5).describe("tokens listed"),
    metric: z
      .union([z.enum(["probability", "logit"]), z.custom<() => 1>((f) => typeof f === "function")])
      .optional(),
    direction: z.enum(["denoising", "noising"]).default("denoising"),
    layers: z.array(z.int()).min(1).optional(),
    heads: z.array(z.int()).min(1).optional(),
    answer: z.string().describe("the answer"),
  })
  .superRefine(({ layers, heads }, context) => {
    if (!layers || !heads) return;
    const message = "layers and heads exclude each other.";
    context.addIssue({ code: "custom", path: ["heads"], message });
  });

describe("parseOptions", () => {
  const parse = (options: object) => () => parseOptions("f", schema, options as { answer: "a" });

  it("fills defaults in and lets signal and progress pass", () => {
    const { signal } = new AbortController();
    const parsed = parse({ answer: "a", signal })();
    expect(parsed).toEqual({ topK: 5, direction: "denoising", answer: "a", signal });
    expect(parsed.signal).toBe(signal);
  });

  it.each([
    [{ answer: "a", topk: 3 }, 'f: topk: there is no such option. Did you mean "topK"?'],
    [
      { answer: "a", direction: "noise" },
      'must be one of "denoising", "noising", not "noise". Did you mean "noising"?',
    ],
    [{ answer: "a", metric: "probabilty" }, 'Did you mean "probability"?'],
    [{ answer: "a", topK: 0 }, "f: topK: must be a positive integer, not 0."],
    [{ answer: "a", topK: 1.5 }, "f: topK: must be an integer, not 1.5."],
    [{ answer: "a", topK: "3" }, 'f: topK: must be a number, not "3".'],
    [
      { answer: "a", layers: [] },
      "f: layers: the list is empty; name at least one, or leave it out.",
    ],
    [{ answer: "a", layers: [1], heads: [1] }, "f: heads: layers and heads exclude each other."],
    [{ topK: 1 }, "f: answer: is missing (the answer)."],
    [{ answer: "a", onProgress: 3 }, "f: onProgress: must be a function."],
    [{ answer: "a", signal: {} }, "f: signal: must be an AbortSignal."],
    [[], "f: options: they must be an object."],
  ])("refuses %j", (options, message) => {
    expect(parse(options)).toThrow(message);
    expect(parse(options)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it.each([
    [z.string().min(1), "", "must not be empty."],
    [z.number().min(1), 0.5, "must be at least 1, not 0.5."],
    [z.array(z.string()).min(2), ["a"], "must have 2 entries or more, not 1."],
    [z.array(z.int()).max(2), [1, 2, 3], "must have at most 2 entries, not [1, 2, 3]."],
  ])("regression: sizes of texts and lists were called integers %#", (option, given, message) => {
    const asked = { option: given } as never;
    expect(() => parseOptions("f", z.object({ option }), asked)).toThrow(`f: option: ${message}`);
  });

  it("tells surfaces what each option takes", () => {
    const fields = Object.fromEntries(fieldsOf(schema).map((field) => [field.name, field]));
    expect(fields.topK).toMatchObject({ kind: "integer", minimum: 1, default: 5, required: false });
    expect(fields.topK.maximum).toBeUndefined();
    expect(fields.direction).toMatchObject({ kind: "choice", choices: ["denoising", "noising"] });
    expect(fields.layers.kind).toBe("list");
    expect(fields.metric.kind).toBe("any");
    expect(fields.answer).toMatchObject({
      kind: "text",
      required: true,
      description: "the answer",
    });
  });
});

describe("texts", () => {
  it("write numbers in one way", () => {
    expect(
      [1234.5, -0.5, 0, 1e-9, 7, Number.NaN, Number.NEGATIVE_INFINITY].map(formatNumber),
    ).toEqual(["1235", "−0.500", "0", "1.0e−9", "7", "NaN", "−∞"]);
    expect([-0.001, 1.005, -123.4, Number.NaN].map(formatCell)).toEqual([
      "0.00",
      "1.00",
      "−123",
      "NaN",
    ]);
    expect([0, 0.0001, 0.25, 0.9999, 1].map(formatPercent)).toEqual([
      "0 %",
      "< 0.1 %",
      "25.0 %",
      "> 99.9 %",
      "100 %",
    ]);
  });

  it("show what cannot be seen, and what turns the line", () => {
    expect([" a ", "", "\n", "\u0000", "a\u202eb"].map(visibleToken)).toEqual([
      "·a·",
      "∅",
      "\\n",
      "\\x00",
      "a\\u{202e}b",
    ]);
  });
});

describe("bootstrapMean", () => {
  it("is near the closed form of a normal mean, and says nothing of one value", () => {
    const values = Array.from({ length: 200 }, (_, index) => Math.sin(index * 12.9898) * 3);
    const mean = values.reduce((sum, value) => sum + value, 0) / 200;
    const error = Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 199 / 200,
    );
    const estimate = bootstrapMean(values)!;
    expect(estimate.low).toBeCloseTo(mean - 1.96 * error, 1);
    expect(estimate.high).toBeCloseTo(mean + 1.96 * error, 1);
    expect(bootstrapMean(values)).toEqual(estimate);
    expect(bootstrapMean([1])).toBeUndefined();
  });
});

describe("origins", () => {
  const origin = { ...result().provenance, weights: { hash: "a".repeat(64), how: "files" } };
  const fields = (changes: object) =>
    originDifferences(origin, { ...origin, ...changes }).map(({ field, decisive }) => [
      field,
      decisive,
    ]);

  it("differ by weights, dtype, edits and library, not by time, Node or name", () => {
    expect(fields({ model: "other", time: "later", versions: { node: "99" } })).toEqual([]);
    expect(fields({ weights: { hash: "b".repeat(64), how: "files" } })).toEqual([
      ["weights", true],
    ]);
    expect(fields({ edits: [{ name: "x", sites: ["layers.1"] }] })).toEqual([["edits", true]]);
    expect(fields({ quantization: "4 bits in groups of 64" })).toEqual([["quantization", true]]);
    expect(fields({ device: "gpu" })).toEqual([["device", false]]);
    const [was, is] = ["1.0.0", "2.0.0"].map((mlxterp) => ({ ...origin, versions: { mlxterp } }));
    expect(originDifferences(was, is)).toMatchObject([{ field: "mlxterp", decisive: true }]);
  });

  it("say that they cannot tell where weights were hashed in different ways", () => {
    expect(fields({ weights: { hash: "b", how: "memory" } })).toEqual([["weights", false]]);
    const changed = { weights: { hash: "b", how: "files; of what was changed since: memory" } };
    expect(fields(changed)).toEqual([["weights", true]]);
  });

  it("are told apart by name where weights are unknown", () => {
    const { weights: _, ...unknown } = origin;
    expect(originDifferences(unknown, { ...unknown, model: "other" })).toMatchObject([
      { field: "model", decisive: true },
    ]);
    expect(() =>
      requireSameOrigin(unknown, { ...unknown, model: "other" }, "No", "Do so."),
    ).toThrow("No: model was m and is other. Do so.");
  });

  it("that are none are refused with what is wrong", () => {
    const broken = result({ provenance: { ...origin, device: "abacus" as "cpu" } });
    expect(() => resultsFromJson(toJson(broken))).toThrow("device is no cpu or gpu");
  });
});

it("lists that grids and tables are made from stay apart from theirs, so that no result changes another", () => {
  const [kinds, columns] = [["query", "key"], ["kind"] as const];
  const make = () => [
    createGrid({ labels: { kind: kinds }, values: [1, 2], unit: "logits" }),
    createTable(columns, [{ kind: "query" }]),
  ];
  const [expected, [grid, table]] = [JSON.stringify(make()), make()] as const;
  (grid as unknown as { labels: { kind: string[] } }).labels.kind.length = 0;
  (table as unknown as { columns: string[] }).columns[0] = "other";
  expect(JSON.stringify(make())).toBe(expected);
});
