/** From a click to a place, from a place to interventions. */
import type { Block, GridBlock } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import type { Change, Place } from "./change.js";
import { compileChanges, type Source, swapped } from "./compile.js";
import { changeText } from "./describe.js";
import { placeOf } from "./place.js";

const pieces = ["<s>", "Mary", "and", "John"];
const around = { layers: 4, pieces };
const shared = { kind: "grid", columns: pieces, values: [], scale: { kind: "sequential", domain: [0, 1] }, legend: "", unit: "positions" } as const; // biome-ignore format: one block
const grid = (parts: Partial<GridBlock>): Block => ({ ...shared, title: "", rowTitle: "", columnTitle: "", rows: [], ...parts }); // biome-ignore format: one block

describe("the place of a click", () => {
  const lens = grid({ title: "Logit lens: what each layer would predict", rowTitle: "residual stream after", columnTitle: "token read at", rows: ["embedding", "layer 0", "layer 1"] }); // biome-ignore format: one block
  const patching = grid({ title: "Patching the residual stream before each layer", rowTitle: "patched in", rows: ["layer 0", "layer 1"] }); // biome-ignore format: one block
  const heads = grid({ title: "Patching single heads", rowTitle: "patched in", rows: ["layer 0", "layer 1"], columns: ["head 0", "head 1"], unit: "heads" }); // biome-ignore format: one block
  const bars: Block = { kind: "bars", title: "Heads", axis: "", bars: [{ label: "3.0", value: 1 }, { label: "MLP 2", value: 0 }] }; // biome-ignore format: one block
  const attention: Block = { kind: "attention", pieces, causal: true, patterns: [] };
  const table: Block = { kind: "table", columns: [], rows: [["head 2.1", "x"]] };
  const edges: Block = { kind: "bars", title: "The strongest edges", axis: "", bars: ["a3.h0 → m3", "input → a0.h2<v>", "m1 → logits", "John (3)", "intact"].map((label) => ({ label, value: 1 })) }; // biome-ignore format: one block
  const curves: Block = { kind: "lines", title: "", xTitle: "vector taken after layer", yTitle: "", x: [], lines: [] }; // biome-ignore format: one block
  const points: Block = { kind: "scatter", title: "", xTitle: "", yTitle: "", points: [{ x: 0, y: 0, label: "L1H2" }] }; // biome-ignore format: one block
  const measured: Block = { kind: "table", columns: ["layer", "position", "where", "share"].map((title) => ({ title })), rows: [["2", "-1", "", "0.97"], ["", "", "head 3.1", "1.5"], ["", "", "layers.1.mlp", "0.3"]] }; // biome-ignore format: one block
  const none: Block = { kind: "text", text: "" };

  it.each<[string, Block, Record<string, number | string>, Place]>([
    ["a lens", lens, { row: 2, column: 3 }, { part: "after", layer: 1, position: 3 }],
    ["the embedding", lens, { row: 0, column: 1 }, { part: "before", layer: 0, position: 1 }],
    [
      "the embedding of a picture that knows its axes",
      lens,
      { layer: "embedding", position: 1 },
      { part: "before", layer: 0, position: 1 },
    ],
    [
      "a map of patches",
      patching,
      { row: 1, column: 2 },
      { part: "before", layer: 1, position: 2 },
    ],
    ["a map of heads", heads, { row: 1, column: 0 }, { part: "head", layer: 1, head: 0 }],
    ["a bar", bars, { bar: 0 }, { part: "head", layer: 3, head: 0 }],
    ["an MLP's bar", bars, { bar: 1 }, { part: "mlp", layer: 2 }],
    ["an edge that a head writes", edges, { bar: 0 }, { part: "head", layer: 3, head: 0 }],
    ["an edge from the prompt", edges, { bar: 1 }, { part: "head", layer: 0, head: 2 }],
    ["an edge that an MLP writes", edges, { bar: 2 }, { part: "mlp", layer: 1 }],
    ["a token's bar", edges, { bar: 3 }, { part: "after", layer: 3, position: 3 }],
    [
      "a bar that names nothing, below a title that does",
      { ...edges, title: "Without head 2.1" },
      { bar: 4 },
      { part: "head", layer: 2, head: 1 },
    ],
    ["curves over layers", curves, { x: "2" }, { part: "after", layer: 2 }],
    ["curves over numbers of layers", curves, { x: 1 }, { part: "after", layer: 1 }],
    [
      "curves that begin below all layers",
      curves,
      { x: "embedding" },
      { part: "before", layer: 0 },
    ],
    [
      "curves over shares",
      { ...curves, xTitle: "share of all edges" },
      { x: "0.1 %" },
      { part: "after", layer: 3 },
    ],
    [
      "curves over strengths",
      { ...curves, xTitle: "strength" },
      { x: 0.5 },
      { part: "after", layer: 3 },
    ],
    ["a point", points, { point: 0 }, { part: "head", layer: 1, head: 2 }],
    [
      "a table with layers and positions, not with what was measured",
      measured,
      { row: 0 },
      { part: "after", layer: 2, position: 3 },
    ],
    ["a table that names it late", measured, { row: 1 }, { part: "head", layer: 3, head: 1 }],
    ["a table of sites", measured, { row: 2 }, { part: "mlp", layer: 1 }],
    [
      "a map of what MLPs add",
      grid({ title: "Restoring what MLPs add", rows: ["layer 0", "layer 1"] }),
      { layer: 1, position: 2 },
      { part: "mlp", layer: 1, position: 2 },
    ],
    ["a row of a table", table, { row: 0, column: 0 }, { part: "head", layer: 2, head: 1 }],
    [
      "an attention cell",
      attention,
      { layer: 2, head: 1, query: 3, key: 1 },
      { part: "edge", layer: 2, head: 1, position: 3, key: 1 },
    ],
    ["a head's thumbnail", attention, { layer: 2, head: 1 }, { part: "head", layer: 2, head: 1 }],
    [
      "a picture that knows its axes",
      heads,
      { layer: 2, head: 1, position: -1 },
      { part: "head", layer: 2, head: 1, position: 3 },
    ],
    [
      "a token that a head looks from",
      attention,
      { layer: 2, head: 1, query: 3 },
      { part: "head", layer: 2, head: 1, position: 3 },
    ],
    [
      "a token of the mean of heads",
      attention,
      { layer: 2, query: 3 },
      { part: "attention", layer: 2, position: 3 },
    ],
    ["a picture without places", none, {}, { part: "after", layer: 3 }],
  ])("is read off %s", (_, block, cell, place) => {
    expect(placeOf({ block, cell }, around)).toEqual(place);
  });

  it.each<[string, Place]>([
    ["a1.h2", { part: "head", layer: 1, head: 2 }],
    ["m2", { part: "mlp", layer: 2 }],
    ["logits", { part: "after", layer: 3 }],
    ["L1 feature 21 at 3 John", { part: "after", layer: 1, position: 3 }],
    ["token 2 and", { part: "before", layer: 0, position: 2 }],
  ])("is read off the node %s of a graph", (label, place) => {
    const graph: Block = { kind: "graph", title: "Graph", nodes: [{ id: "x", label, rank: 0 }], edges: [] }; // biome-ignore format: one block
    expect(placeOf({ block: graph, node: "x" }, around)).toEqual(place);
  });

  it("follows the result's own positions where only some were read", () => {
    const labels = { layer: [0], position: [{ id: 4, text: "John", position: 3 }] };
    const result = { grids: { rank: { axes: ["layer", "position"], labels, values: new Float32Array(1), unit: "rank" } } } as never; // biome-ignore format: one result
    const block = grid({ rowTitle: "residual stream after", rows: ["layer 0"], columns: ["John"] });
    expect(placeOf({ block, cell: { row: 0, column: 0 } }, { ...around, result })).toEqual({ part: "after", layer: 0, position: 3 }); // biome-ignore format: one place
  });
});

describe("changes as interventions", () => {
  const stream = { shape: [1, 4, 2], values: Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7]) };
  const heads = { shape: [1, 4, 2, 1], values: stream.values };
  const source: Source = {
    positions: 4,
    activation: async (text, site) => {
      if (text === "short") return { shape: [1, 3, 2], values: stream.values };
      return site.endsWith(".z") ? heads : stream;
    },
  };
  const place: Place = { part: "after", layer: 1, position: 2 };
  const compiled = (...changes: Change[]) => compileChanges(changes, source);
  const at = (id: string) => ({ id, on: true });

  it("stand at their site, restricted to head, key and position", async () => {
    const edge: Place = { part: "edge", layer: 0, head: 1, position: 3, key: 2 };
    expect(await compiled({ ...at("1"), kind: "ablate", place: edge }, { ...at("2"), kind: "scale", place, factor: 0.5 })).toEqual({
      "layers.0.selfAttn.pattern": [
        { type: "atPositions", positions: 3, intervention: { type: "atKeys", positions: 2, intervention: { type: "atHeads", heads: 1, intervention: { type: "zeroOut" } } } },
      ],
      "layers.1": [{ type: "atPositions", positions: 2, intervention: { type: "scale", factor: 0.5 } }],
    }); // biome-ignore format: nested
  });

  it("do nothing while they are off", async () => {
    expect(await compiled({ id: "1", on: false, kind: "ablate", place })).toEqual({});
  });

  it("steer by the difference of two last tokens, of the head where it is one", async () => {
    const steer = { ...at("1"), kind: "steer", toward: "a", from: "", factor: 2 } as const;
    expect(await compiled({ ...steer, place: { part: "after", layer: 1 } })).toEqual({ "layers.1": [{ type: "addVector", vector: [6, 7], scale: 2 }] }); // biome-ignore format: one site
    const [one] = (await compiled({ ...steer, from: "b", place: { part: "head", layer: 1, head: 1 } }))["layers.1.selfAttn.z"]; // biome-ignore format: one site
    expect(one).toMatchObject({ type: "atHeads", heads: 1, intervention: { vector: [0] } });
  });

  it("patch the counterpart, counted from the end where lengths differ, wholly or in part", async () => {
    const patch = { ...at("1"), kind: "patch", place, source: "same", amount: 1 } as const;
    const inner = async (change: Change) => (await compiled(change))["layers.1"].map((one) => [one.positions, one.intervention]); // biome-ignore format: short
    expect(await inner(patch)).toEqual([[2, { type: "replaceWith", value: [4, 5] }]]);
    expect(await inner({ ...patch, source: "short" })).toEqual([[2, { type: "replaceWith", value: [2, 3] }]]); // biome-ignore format: short
    const [[, mix]] = await inner({ ...patch, amount: 0.25 });
    expect(mix).toEqual({ type: "compose", interventions: [{ type: "scale", factor: 0.75 }, { type: "addVector", vector: [4, 5], scale: 0.25 }] }); // biome-ignore format: one mix
    expect(await inner({ ...patch, place: { part: "after", layer: 1 } })).toHaveLength(4);
    await expect(inner({ ...patch, source: "short", place: { ...place, position: 0 } })).rejects.toThrow("none at position 0"); // biome-ignore format: short
    await expect(inner({ ...patch, source: "short", place: { part: "after", layer: 1 } })).rejects.toThrow("Choose one position"); // biome-ignore format: short
  });

  it("swap tokens of the prompt, and say so in words", () => {
    const swap: Change = { ...at("1"), kind: "swap", position: 1, was: "Mary", token: { id: 9, text: "Anna" } }; // biome-ignore format: one change
    expect(swapped([1, 2, 3], [swap])).toEqual([1, 9, 3]);
    expect(swapped([1, 2, 3], [{ ...swap, on: false }])).toEqual([1, 2, 3]);
    expect(changeText(swap)).toBe("Swap “Mary” (1) for “Anna”");
    expect(changeText({ ...at("2"), kind: "ablate", place }, pieces)).toBe("Ablate stream after layer 1 at “and” (2)"); // biome-ignore format: short
  });
});
