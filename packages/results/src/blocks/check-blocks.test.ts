/** What is no block is refused before anything draws it, by the field that is wrong. */
import { describe, expect, it } from "vitest";
import type { Block } from "./block.js";
import { checkBlock, checkBlocks } from "./check-blocks.js";

const scale = { kind: "diverging", domain: [-1, 1], pivot: 0 } as const;

/** One of each kind, with every field that may be left out in some of them. */
const right: readonly Block[] = [
  { kind: "section", title: "Parts", blocks: [{ kind: "text", text: "Mary", tone: "quiet" }] },
  { kind: "text", text: "", only: "page" },
  { kind: "tokens", label: "fed", pieces: ["a", "b"], values: [0, Number.NaN], scale },
  {
    ...{ kind: "table", columns: [{ title: "head", align: "right" }], fixed: 0, widest: 9 },
    rows: [["1.0"], [{ text: "1.1", tone: "good" }]],
  },
  {
    ...{ kind: "grid", title: "t", rowTitle: "layer", columnTitle: "position", rows: ["0"] },
    ...{ columns: ["a", "b"], values: [[1, null]], cells: [["1", ""]], scale, legend: "logits" },
    ...{ details: [["x", "y"]], rowPlaces: { axis: "layer", at: [0] }, upwards: false },
    alternatives: [[[{ text: "a", probability: 1 }], []]],
    prompts: [{ label: "clean", pieces: ["a"], says: { text: "b", probability: 0.5 } }],
  },
  { kind: "bars", title: "t", axis: "logits", bars: [{ label: "a", value: 1, low: 0, high: 2 }] },
  {
    ...{ kind: "lines", title: "t", xTitle: "x", yTitle: "y", x: [1, "two"] },
    lines: [{ label: "a", values: [1, null], low: [0, null] }],
  },
  { kind: "histogram", title: "t", axis: "x", edges: [0, 1, 2], counts: [3, 4] },
  { kind: "scatter", title: "t", xTitle: "x", yTitle: "y", points: [{ x: 1, y: 2, label: "a" }] },
  {
    ...{ kind: "attention", pieces: ["a", "b"], causal: true, open: { layer: 0, head: 1 } },
    patterns: [{ layer: 0, head: 1, weights: new Float32Array(4) }],
  },
  {
    ...{ kind: "graph", title: "t", nodes: [{ id: "a", label: "A", rank: 0 }] },
    edges: [{ from: "a", to: "a", weight: 1 }],
  },
];

it("takes every kind", () => {
  expect(() => checkBlocks("blocks", right)).not.toThrow();
  expect(right.map(({ kind }) => kind)).toHaveLength(11);
});

describe.each(right.map((block) => [block.kind, block] as const))("%s", (_, block) => {
  const optional = new Set(
    ["subtitle", "tone", "only", "values", "scale", "caption", "fixed", "unit", "widest"]
      .filter((name) => block.kind !== "grid" || !["values", "scale"].includes(name))
      .concat(["cells", "details", "alternatives", "rowPlaces", "prompts", "upwards", "open"]),
  );

  it.each(Object.keys(block))("names its %s where it is of another type, or missing", (name) => {
    const refused = { code: "INVALID_ARGUMENT" };
    for (const wrong of [null, 7n, Symbol("x"), { unknown: 1 }, () => 1]) {
      const fault = faultOf({ ...block, [name]: wrong });
      expect(fault).toMatchObject(refused);
      expect(fault?.message).toContain(`block.${name}`);
    }
    const fault = faultOf({ ...block, [name]: undefined });
    if (optional.has(name)) expect(fault).toBeUndefined();
    else expect(fault).toMatchObject(refused);
  });

  it("has no other field", () => {
    const fault = faultOf({ ...block, kinds: 1 });
    expect(fault?.message).toContain('Did you mean "kind"?');
  });
});

it.each([
  [{ ...right[2], values: [1] }, "block.values: has 1 where there are pieces, 2"],
  [{ ...right[3], rows: [["1", "2"]] }, "block.rows[0]: has 2 where there are columns, 1"],
  [{ ...right[4], values: [[1]] }, "block.values[0]: has 1"],
  [{ ...right[4], cells: [] }, "block.cells: has 0"],
  [{ ...right[6], x: [1] }, "block.lines[0].values: has 2"],
  [{ ...right[7], edges: [0] }, "block.edges: has 1"],
  [{ ...right[9], pieces: ["a"] }, "block.patterns[0].weights: has 4"],
  [{ ...right[10], nodes: [] }, "block.edges[0]: leads from or to a node that is not there"],
  [{ ...right[0], blocks: [{ kind: "texts", text: "" }] }, 'Did you mean "text"?'],
])("refuses parts that do not fit each other: %#", (block, message) => {
  expect(faultOf(block)?.message).toContain(message);
});

it("ends where a section holds itself", () => {
  const blocks: unknown[] = [];
  blocks.push({ kind: "section", title: "again", blocks });
  expect(faultOf(blocks[0])?.message).toContain("holds itself");
});

function faultOf(block: unknown): Error | undefined {
  try {
    checkBlock("block", block);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
