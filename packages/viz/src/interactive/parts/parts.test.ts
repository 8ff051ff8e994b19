/** What components reckon with, against plain reasoning: no browser is needed for it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attentionBlock, numberGrid } from "../../test-support.js";
import { axisOf } from "./axis.js";
import { joined, pruned } from "./graph-parts.js";
import { cellAt, heatLayout, rowAt } from "./heat-layout.js";
import { moveBy } from "./move-by.js";
import { sortedRows } from "./sort-rows.js";
import { strongest, weightsOf } from "./weights.js";

describe("rows of a table", () => {
  const sorted = (...texts: string[]) =>
    sortedRows(
      texts.map((text) => [text]),
      { column: 0, descending: false },
    ).map(([text]) => text);

  it("go by their numbers, with true minus signs, percents and what stands behind", () => {
    expect(sorted("9.5 %", "−10.0 %", "100 %", "< 0.1 %", "")).toEqual(["−10.0 %", "< 0.1 %", "9.5 %", "100 %", ""]); // biome-ignore format: one line
    expect(sorted("1.0e−7", "12,345", "3 (1.2 %)", "−∞")).toEqual(["−∞", "1.0e−7", "3 (1.2 %)", "12,345"]); // biome-ignore format: one line
  });

  it("go by letters where one is no number, and numbers within them by size", () => {
    expect(sorted("layer 10", "layer 9", "embedding")).toEqual([
      "embedding",
      "layer 9",
      "layer 10",
    ]);
  });
});

it("an axis holds every number between round ticks", () => {
  const numbers = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });
  fc.assert(
    fc.property(numbers, (values) => {
      const { at, ticks } = axisOf(values, 0, 100);
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThan(12);
      for (const value of values) {
        expect(at(value)).toBeGreaterThan(-1e-6);
        expect(at(value)).toBeLessThan(100 + 1e-6);
      }
    }),
    { numRuns: 60, examples: [[[0, -5e-324]], [[1e9, 1e9 + 1e-6]], [[-1e9, -1e9 + 80]], [[3]]] },
  );
  expect(axisOf([Number.NaN, null, undefined], 0, 1).ticks.length).toBeGreaterThan(1);
});

it("the strongest of a row are those that sorting finds", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: 0, max: 1 })), (weights) => {
      const found = strongest((index) => weights[index], weights.length).map(
        (index) => weights[index],
      );
      expect(found).toEqual([...weights].sort((a, b) => b - a).slice(0, 3));
    }),
  );
});

it("the mean of heads is the mean of their weights", () => {
  const { patterns } = attentionBlock(["a", "b", "c"]);
  const mean = weightsOf([patterns[0], { ...patterns[0], weights: patterns[0].weights.map((one) => 3 * one) }], 3); // biome-ignore format: one call
  expect(mean(2, 1)).toBeCloseTo(2 / 3);
});

it("every cell of a heat map is found at its middle, upwards or not, near or far", () => {
  for (const upwards of [true, false]) {
    for (const zoom of [1, 0.1]) {
      const block = { ...numberGrid([[1, 2, 3], [4, 5, 6]]), upwards }; // biome-ignore format: two rows
      const layout = heatLayout(block, 500, zoom);
      for (const shown of [0, 1]) {
        for (const column of [0, 1, 2]) {
          const x = layout.left + (column + 0.5) * layout.cellWidth;
          const y = layout.top + (shown + 0.5) * layout.cellHeight;
          expect(cellAt(block, layout, x, y)).toEqual({ row: rowAt(block, shown), column });
        }
      }
      expect(cellAt(block, layout, 0, 0)).toBeUndefined();
    }
  }
});

it("regression: negative numbers were cut in cells as narrow as positive ones need", () => {
  const cellOf = (values: number[][]) => heatLayout(numberGrid(values), 200, 1).cellWidth;
  const wide = Array.from({ length: 12 }, (_, at) => 0.01 * at);
  expect(cellOf([wide])).toBe(38);
  const room = Math.floor((cellOf([wide.map((value) => value - 0.05)]) - 8) / 6.4); // in characters
  expect(room).toBeGreaterThanOrEqual("−0.05".length);
});

it("keys stay within a picture", () => {
  const size = { rows: 2, columns: 3 };
  expect(moveBy("ArrowUp", { row: 0, column: 1 }, size)).toEqual({ row: 0, column: 1 });
  expect(moveBy("End", { row: 1, column: 0 }, size)).toEqual({ row: 1, column: 2 });
  expect(moveBy("constructor", { row: 0, column: 0 }, size)).toBeUndefined();
});

describe("a graph", () => {
  const nodes = ["a", "b", "c", "d"].map((id, rank) => ({ id, label: id.toUpperCase(), rank }));
  const edges = [
    { from: "a", to: "c", weight: 1 },
    { from: "b", to: "c", weight: 2 },
    { from: "a", to: "b", weight: 9 },
    { from: "c", to: "d", weight: -4 },
  ];

  it("adds up the edges of nodes that are joined, and has none within", () => {
    const { nodes: kept, edges: left } = joined({ nodes, edges }, [
      { id: "g", members: ["a", "b"] },
    ]);
    expect(kept.map(({ id }) => id)).toEqual(["c", "d", "g"]);
    expect(left).toEqual([
      { from: "g", to: "c", weight: 3 },
      { from: "c", to: "d", weight: -4 },
    ]);
  });

  it("keeps the strongest edges, whatever their sign, and what they touch", () => {
    const { nodes: kept, edges: left } = pruned({ nodes, edges }, 2);
    expect(left.map(({ weight }) => weight)).toEqual([9, -4]);
    expect(kept).toHaveLength(4);
    expect(pruned({ nodes, edges: [] }, 2).nodes).toHaveLength(4);
  });
});
