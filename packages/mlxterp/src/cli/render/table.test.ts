/** Tables never exceed the screen, and say what they leave out. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayWidth } from "../terminal/text.js";
import { renderBlocks } from "./render-blocks.js";
import { type DrawnTable, renderTable } from "./table.js";

const widthOf = (drawn: string) => Math.max(...drawn.split("\n").map(displayWidth));

function grid(columns: number, cell: (row: number, column: number) => string): DrawnTable {
  return {
    columns: [{ title: "row" }, ...Array.from({ length: columns }, (_, c) => ({ title: `t${c}` }))],
    rows: [0, 1].map((row) => [
      `row ${row}`,
      ...Array.from({ length: columns }, (_, c) => cell(row, c)),
    ]),
    unit: "positions",
  };
}

describe("a table", () => {
  it("aligns its columns under a ruled head", () => {
    const drawn = renderTable(
      {
        columns: [{ title: "head" }, { title: "score", align: "right" }],
        rows: [
          ["0.1", "0.5"],
          ["10.11", "12.25"],
        ],
      },
      { width: 40, color: false },
    );
    expect(drawn.split("\n")).toEqual([
      "head   score",
      "────────────",
      "0.1      0.5",
      "10.11  12.25",
    ]);
  });

  it("continues below with the fixed column repeated when it is too wide", () => {
    const drawn = renderTable(
      grid(6, () => "12345"),
      { width: 32, color: false },
    );
    const heads = drawn.split("\n").filter((line) => line.startsWith("row  "));
    expect(heads.map((line) => line.trim().split(/ +/))).toEqual([
      ["row", "t0", "t1", "t2"],
      ["row", "t3", "t4", "t5"],
    ]);
  });

  it("keeps the last columns of a very wide table and says how many are left out", () => {
    const drawn = renderTable(
      grid(100, (_, column) => `${column}`),
      { width: 60, color: false },
    );
    expect(drawn).toContain("t99");
    expect(drawn).not.toContain("t0 ");
    expect(drawn).toMatch(/The first \d+ of 100 positions are left out/);
  });

  it("shortens fixed columns that would leave no room", () => {
    const rows = [["a".repeat(60), "b".repeat(60), "value"]];
    const columns = [{ title: "first" }, { title: "second" }, { title: "third" }];
    for (const fixed of [1, 2, 3]) {
      const drawn = renderTable({ columns, rows, fixed, widest: 80 }, { width: 40, color: false });
      expect(widthOf(drawn)).toBeLessThanOrEqual(40);
    }
  });

  it("aligns columns whatever the width of its characters, escapes written out", () => {
    const texts = ["大きな表", "👩‍👩‍👧 x", "é", "ab", "❤️", "\u001b[2J", "a\u200bb", "नमस्ते"];
    const rows = texts.map((text) => [text, "|"]);
    const drawn = renderBlocks([{ kind: "table", columns: [{ title: "text" }, { title: "|" }], rows, fixed: 2 }], { width: 40, color: false }); // biome-ignore format: one call
    const places = drawn
      .split("\n")
      .filter((line) => line.includes("|"))
      .map((line) => displayWidth(line.slice(0, line.indexOf("|"))));
    expect(places).toHaveLength(texts.length + 1);
    expect(new Set(places).size).toBe(1);
  });

  it("is never wider than the screen, whatever it holds", () => {
    const cell = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constant("大きな表"));
    fc.assert(
      fc.property(
        fc.integer({ min: 32, max: 120 }),
        fc.array(cell, { minLength: 1, maxLength: 20 }),
        (width, cells) => {
          const clean = cells.map((text) => text.replace(/\p{C}/gu, "?"));
          const drawn = renderTable(
            grid(clean.length, (_, column) => clean[column]),
            { width, color: false },
          );
          expect(widthOf(drawn)).toBeLessThanOrEqual(width);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("colours cells only on a screen with colours", () => {
    const cell = { text: "x", tone: "good" } as const;
    const table = { columns: [{ title: "a" }], rows: [[cell]] };
    expect(renderTable(table, { width: 40, color: false })).toBe("a\n─\nx");
    expect(renderTable(table, { width: 40, color: true })).toContain("\u001B[32mx\u001B[39m");
  });
});
