/** Results that somebody made up, mixed up or cut are refused by what is wrong with them, before anything reads them. */
import { describe, expect, it } from "vitest";
import {
  checkResult,
  createGrid,
  createTable,
  type Grid,
  gridToCsv,
  placesOf,
  type Result,
  type ResultShape,
  readsResult,
  resultsToCsv,
  rowsOf,
  type Table,
  valueAt,
} from "../index.js";

type Norm = Result<
  "norm",
  { readonly norm: Grid<"layer" | "head">; readonly chance?: Grid<"layer"> },
  { readonly best: Table<{ readonly layer: number; readonly word: string | null }> }
>;

const shape: ResultShape<Norm> = {
  method: "norm",
  grids: { norm: ["layer", "head"] },
  tables: { best: { layer: "number", word: ["text", "null"] } },
};

const norm = createGrid({ labels: { layer: [0, 1], head: [0] }, values: [1, 2], unit: "norm" });

const whole: Norm = {
  ...{ method: "norm", asked: {}, notes: [], grids: { norm } },
  fed: [{ role: "prompt", ids: [4], pieces: ["Mary"] }],
  tables: { best: createTable(["layer", "word"], [{ layer: 1, word: null }]) },
  provenance: {
    model: "tiny",
    device: "cpu",
    edits: [],
    versions: {},
    time: "2026-01-01T00:00:00Z",
  },
};

describe("what is no result of a method is refused by its part", () => {
  const flat = createGrid({ labels: { head: [0], layer: [0, 1] }, values: [1, 2], unit: "norm" });
  it.each<[string, unknown, string]>([
    ["nothing", undefined, "it is no object"],
    ["a list of results", [whole], "it is no object"],
    ["one of another method", { ...whole, method: "lens" }, '"lens" made it'],
    ["one without its grid", { ...whole, grids: {} }, 'it has no grid "norm"'],
    ["a grid of other axes", { ...whole, grids: { norm: flat } }, "the axes head, layer, not layer, head"],
    ["a grid that is cut", { ...whole, grids: { norm: { ...norm, values: Float32Array.of(1) } } }, "1 of 2 numbers"],
    ["intervals that do not fit", { ...whole, grids: { norm: { ...norm, low: Float32Array.of(1) } } }, "intervals"],
    ["one without its table", { ...whole, tables: {} }, 'it has no table "best"'],
    ["a row without a column", { ...whole, tables: { best: createTable(["layer"], [{ layer: 1 }]) } }, '"word" is absent instead of text or null'],
    ["a column of another kind", { ...whole, tables: { best: createTable(["layer", "word"], [{ layer: "1", word: "a" }]) } }, '"layer" is text instead of number'],
    ["a grid without its unit", { ...whole, grids: { norm: { ...norm, unit: [1, 2] } } }, 'the unit of "norm" is no text'],
    ["labels with a gap", { ...whole, grids: { norm: { ...norm, labels: { layer: new Array(2), head: [0] } } } }, "a label of"],
    ["pieces with a gap", { ...whole, fed: [{ role: "prompt", ids: [4], pieces: new Array(1) }] }, "fed does not hold"],
    ["notes with a gap", { ...whole, notes: new Array(1) }, "notes does not hold"],
    ["a tokenizer that is no hash", { ...whole, provenance: { ...whole.provenance, tokenizer: 3 } }, "tokenizer is no text"],
    ["adapters without hashes", { ...whole, provenance: { ...whole.provenance, adapters: [{}] } }, "adapters is no list"],
    ["weights of nobody knows what", { ...whole, provenance: { ...whole.provenance, weights: { hash: "f" } } }, "does not say of what"],
    ["a version that is a number", { ...whole, provenance: { ...whole.provenance, versions: { node: 20 } } }, "versions is no object with texts"],
    ["fewer pieces than ids", { ...whole, fed: [{ role: "prompt", ids: [4], pieces: [] }] }, "fed does not hold"],
  ])("%s", (_, value, problem) => {
    const error = expect.objectContaining({ code: "INVALID_ARGUMENT", argument: "result" });
    expect(() => checkResult("result", value, shape)).toThrow(error);
    expect(() => checkResult("result", value, shape)).toThrow(problem);
  }); // biome-ignore format: a table

  it("a whole one passes, with parts that it may go without and in another order of keys", () => {
    checkResult("result", whole, shape);
    checkResult("result", { ...whole, grids: { chance: undefined, norm } }, shape);
  });
});

it("a reader gets what is right, and what it then stumbles over is a typed error with its cause", () => {
  const first = readsResult(shape, ({ fed }: Norm, at: number) => fed[at].pieces[0]);
  expect(first(whole, 0)).toBe("Mary");
  expect(() => first(whole, 3)).toThrow("its parts do not fit each other");
  expect(() => first(3 as never, 0)).toThrow("it is no object");
});

it.each<[string, () => unknown, string]>([
  ["a reader without a shape", () => readsResult(undefined as never, () => 1), "shape"],
  ["a reader that cannot read", () => readsResult(shape, 3 as never), "must be a function"],
  ["a shape whose axes are no list", () => checkResult("result", whole, { ...shape, grids: { norm: 1 } } as never), "shape.grids.norm"],
  ["a number at a place of one axis only", () => valueAt(norm, { layer: 1 } as never), "head is missing"],
  ["rows of one axis", () => rowsOf(createGrid({ labels: { layer: [0] }, values: [1], unit: "norm" })), "has 1 axes"],
  ["places of an axis that there is not", () => placesOf(norm, "heads" as never), '"head"'],
  ["numbers of text", () => createGrid({ labels: { layer: [0] }, values: ["1"] as never, unit: "norm" }), "must hold numbers only"],
  ["intervals of another length", () => createGrid({ labels: { layer: [0] }, values: [1], unit: "norm", low: Float64Array.of() }), "as many numbers"],
  ["CSV of no grid", () => gridToCsv({} as never), "it is no grid"],
  ["CSV of a single result", () => resultsToCsv(whole as never), "must be a list"],
])("%s is refused", (_, call, message) => {
  expect(call).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  expect(call).toThrow(message);
}); // biome-ignore format: a table
