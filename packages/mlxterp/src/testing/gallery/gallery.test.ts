/** The gallery: every kind of block has its form in every renderer, and says the same there. */
import { type Block, fromJson } from "@mlxterp/results";
import { htmlReport } from "@mlxterp/viz";
import { beforeAll, expect, it } from "vitest";
import { attentionBlock, lensBlock, longText } from "./blocks.js";
import { type Exhibit, exhibits } from "./gallery.js";

let shown: Exhibit[];
beforeAll(async () => {
  shown = await exhibits();
});

const kinds: readonly Block["kind"][] = ["tokens", "grid", "attention", "bars", "lines", "histogram", "scatter", "graph", "table", "text"]; // biome-ignore format: one line

it("has every kind of block", () => {
  const there = new Set(shown.flatMap(({ blocks }) => blocks.map(({ kind }) => kind)));
  expect([...there].sort()).toEqual([...kinds].sort());
});

it("draws each in light and dark alike but for colours, with every title in it", () => {
  for (const { svg, blocks } of shown) {
    const bare = (text: string) => text.replace(/#[\da-f]{6}/g, "#");
    expect(bare(svg.dark)).toBe(bare(svg.light));
    expect(svg.dark).not.toBe(svg.light);
    for (const block of blocks) {
      const title = "title" in block ? block.title : "caption" in block ? block.caption : undefined;
      if (title) expect(svg.light).toContain(title);
    }
  }
});

it("has no block that a terminal leaves out, and nothing hidden in its text", () => {
  for (const { terminal } of shown) {
    expect(terminal.trim().length).toBeGreaterThan(20);
    expect(terminal).not.toMatch(/[^\P{Cc}\n]|\u200b/u);
  }
});

it("gives every chart to Vega-Lite with all of its numbers", () => {
  for (const { vega } of shown) {
    for (const spec of vega as { $schema: string; data?: { values: object[] } }[]) {
      expect(spec.$schema).toContain("vega-lite/v5");
      expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    }
  }
  const lens = shown.find(({ title }) => title === "Lens")!.vega[0] as {
    data: { values: object[] };
  };
  expect(lens.data.values).toHaveLength(6 * 15);
});

it("is a page of less than two million bytes for thirty tokens, twelve layers and their heads", async () => {
  const pieces = longText(30);
  const blocks = [lensBlock(pieces, 13), attentionBlock(pieces, 12, 12)];
  const page = await htmlReport({ title: "Size", blocks });
  expect(Buffer.byteLength(page)).toBeLessThan(2e6);
});

it("round-trips as JSON", () => {
  for (const { json, blocks } of shown) expect(fromJson(json)).toEqual(blocks);
});
