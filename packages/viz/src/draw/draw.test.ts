/** Pictures: as many cells as there are numbers, every label readable, and no token that becomes markup. */
import type { BarsBlock, Block } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import {
  attentionBlock,
  cellTitles,
  effectGrid,
  hostile,
  numberGrid,
  parse,
  textsOf,
  wordGrid,
  xmlFault,
} from "../test-support.js";
import { drawPicture, type PictureBlock } from "./pictures.js";

const words = ["<s>", " Tom", " and", " Sue"];

function sizeOf(svg: string): { width: number; height: number } {
  const element = parse(svg).querySelector("svg");
  return {
    width: Number(element?.getAttribute("width")),
    height: Number(element?.getAttribute("height")),
  };
}

describe("a grid of words", () => {
  it("has a cell for every row and column, the first row at the bottom", () => {
    const svg = drawPicture(wordGrid(words));
    expect(cellTitles(svg)).toHaveLength(3 * words.length);
    const texts = textsOf(svg, "text");
    expect(texts.filter((text) => text === "·Sue")).toHaveLength(3 + 1); // in each row, and as a label
    const rows = texts.filter((text) => /^(embedding|layer \d)$/.test(text));
    expect(rows.sort()).toEqual(["embedding", "layer 0", "layer 1"]);
    expect(cellTitles(svg)[0]).toContain("entropy 1.5 nats");
  });

  it("says in the legend what colours are", () => {
    expect(textsOf(drawPicture(wordGrid(words, " Tom")), ".legend text")).toContain("probability of ·Tom"); // biome-ignore format: one call
  });

  it("stays in the width of a page for a sentence, and readable beyond", () => {
    const sentence = Array.from({ length: 16 }, (_, index) => ` word${index}`);
    expect(sizeOf(drawPicture(wordGrid(sentence))).width).toBeLessThanOrEqual(1000);
    const long = Array.from({ length: 60 }, (_, index) => ` word${index}`);
    expect(sizeOf(drawPicture(wordGrid(long))).width).toBeGreaterThan(60 * 34);
  });
});

describe("a grid of numbers", () => {
  it("has a cell with the number for every place, and a description", () => {
    const svg = drawPicture(effectGrid(words));
    expect(cellTitles(svg)).toHaveLength(2 * words.length);
    const texts = textsOf(svg, "text");
    expect(texts).toContain("·Tom");
    expect(texts).toContain("0.50");
    expect(texts).toContain("−0.30");
    expect(textsOf(svg, "desc").join()).toContain("4 clean, −3 corrupted");
  });

  it("has no negative zeros, and a legend as wide on both sides", () => {
    const svg = drawPicture(numberGrid([[0, 0.2, -0.004], [1.4, 0, 0]])); // biome-ignore format: two rows
    expect(cellTitles(svg)).toHaveLength(6);
    const texts = textsOf(svg, "text");
    expect(texts).toContain("head 2");
    expect(texts).not.toContain("−0.00");
    expect(textsOf(svg, ".legend text")).toEqual(expect.arrayContaining(["−1.400", "0", "1.400"]));
  });

  it("shows what is neutral in the same pale colour, wherever that is", () => {
    const colours = [0, 1].map((neutral) => {
      const values = [[neutral, neutral], [neutral, neutral]]; // biome-ignore format: two rows
      const cells = [...parse(drawPicture(numberGrid(values, ["a", "b"], neutral))).querySelectorAll("rect")]; // biome-ignore format: one expression
      return cells.find((rect) => rect.querySelector("title"))?.getAttribute("fill");
    });
    expect(colours[0]).toBeDefined();
    expect(colours[0]).toBe(colours[1]);
  });

  it("shows one number for each head", () => {
    const svg = drawPicture(numberGrid([[1, -2], [0, 3]])); // biome-ignore format: two rows
    expect(cellTitles(svg)).toEqual(
      expect.arrayContaining(["layer 0, head 1: −2", "layer 1, head 1: 3"]),
    );
    expect(textsOf(svg, "text")).toEqual(expect.arrayContaining(["1.00", "−2.00", "0.00", "3.00"]));
  });
});

const bars: BarsBlock = {
  kind: "bars",
  title: "Parts",
  axis: "logits",
  bars: [
    { label: "head 1.1", value: 3, low: 2, high: 4 },
    { label: "head 0.1", value: -2 },
    { label: "head 0.0", value: 1 },
  ],
};

describe("bars", () => {
  it("stand in their order, with their numbers and intervals", () => {
    const svg = drawPicture(bars);
    expect(cellTitles(svg)).toEqual(["head 1.1: 3", "head 0.1: −2", "head 0.0: 1"]);
    expect(textsOf(svg, "text")).toEqual(expect.arrayContaining(["logits", "head 1.1", "3", "−2"]));
    expect(parse(svg).querySelectorAll("path").length).toBeGreaterThan(0);
  });
});

describe("attention", () => {
  it("has a panel for each head, with a cell for each key that is not masked", () => {
    const svg = drawPicture(attentionBlock(words));
    expect(cellTitles(svg)).toHaveLength(2 * 10);
    expect(textsOf(svg, "text")).toEqual(
      expect.arrayContaining(["layer 3, head 0", "layer 3, head 1"]),
    );
    expect(cellTitles(svg)).toContain("·and → ·Tom: 0.333");
  });

  it("of an encoder shows later keys as well", () => {
    const svg = drawPicture(attentionBlock(words, false));
    expect(cellTitles(svg)).toHaveLength(2 * 16);
    expect(cellTitles(svg)).toContain("<s> → ·Sue: 0.250");
  });
});

const others: PictureBlock[] = [
  {
    kind: "lines",
    title: hostile[0],
    xTitle: "layer",
    yTitle: "rank",
    x: [hostile[1], "b", "c"],
    lines: [{ label: hostile[2], values: [1, null, 3] }],
  },
  { kind: "histogram", title: "Losses", axis: hostile[0], edges: [0, 1, 2], counts: [3, 5] },
  {
    kind: "scatter",
    title: "Heads",
    xTitle: "a",
    yTitle: "b",
    points: hostile.map((label, index) => ({ label, x: index, y: -index })),
  },
  {
    kind: "graph",
    title: hostile[0],
    nodes: hostile.map((label, index) => ({ id: `n${index}`, label, rank: index % 2 })),
    edges: [{ from: "n0", to: "n1", weight: -0.5 }],
  },
];

describe("every picture", () => {
  const figures: [name: string, svg: string][] = [
    ["words", drawPicture({ ...wordGrid(hostile, hostile[0]), title: hostile[0] })],
    ["numbers", drawPicture(effectGrid(hostile))],
    ["attention", drawPicture(attentionBlock(hostile))],
    ["bars", drawPicture({ ...bars, title: hostile[0], axis: hostile[2], bars: hostile.map((label, index) => ({ label, value: index - 1 })) })], // biome-ignore format: one row
    ...others.map((block): [string, string] => [block.kind, drawPicture(block)]),
  ];

  it.each(figures)("writes tokens as text, never as markup: %s", (_, svg) => {
    expect(svg).not.toContain("<script");
    expect(svg.match(/<\/svg>/g)?.length).toBe(svg.match(/<svg[\s>]/g)?.length);
    expect(xmlFault(svg)).toBeUndefined();
    expect(svg).not.toMatch(/[^\P{Cc}\t\n\r]/u);
  });

  it.each(figures)(
    "has a title for those who cannot see it, a white ground, and nothing from outside: %s",
    (_, svg) => {
      expect(svg).toMatch(
        /^<svg [^>]*role="img"[^>]*><title>[^<]+<\/title><desc>[^<]+<\/desc><rect [^>]*fill="#ffffff"/,
      );
      expect(svg.replace(/xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/https?:|url\(|<image|<style/);
    },
  );

  it("is refused for a block that is none", () => {
    const section = { kind: "section", title: "x", blocks: [] } as Block as PictureBlock;
    expect(() => drawPicture(section)).toThrow(/kind "section" is no picture/);
  });
});
