/** Figures: as many cells as there are numbers, every label readable, and no token that becomes markup. */
import { describe, expect, it } from "vitest";
import {
  attentionResult,
  cellTitles,
  hostile,
  lensResult,
  parse,
  patchingResult,
  textsOf,
  xmlFault,
} from "../test-support.js";
import { attentionFigure } from "./attention-figure.js";
import { attributionBars, barFigure } from "./bar-figure.js";
import { headFigure, headTypeFigure } from "./head-figure.js";
import { lensFigure } from "./lens-figure.js";
import { patchingFigure } from "./patching-figure.js";

const words = ["<s>", " Tom", " and", " Sue"];

function sizeOf(svg: string): { width: number; height: number } {
  const element = parse(svg).querySelector("svg");
  return {
    width: Number(element?.getAttribute("width")),
    height: Number(element?.getAttribute("height")),
  };
}

const attribution = {
  total: 2,
  embedding: 0.5,
  heads: [
    [1, -2],
    [0, 3],
  ],
  attentionRest: [0, 0],
  mlps: [0.25, -0.75],
  normBias: 0,
  unembeddingRest: 0,
};

describe("lensFigure", () => {
  it("has a cell with the best token for every layer and position, the embedding at the bottom", () => {
    const svg = lensFigure(lensResult(words));
    expect(cellTitles(svg)).toHaveLength(3 * words.length);
    const texts = textsOf(svg, "text");
    expect(texts.filter((text) => text === "·Sue")).toHaveLength(3 + 1); // in each row, and as a label
    const rows = texts.filter((text) => /^(embedding|layer \d)$/.test(text));
    expect(rows.sort()).toEqual(["embedding", "layer 0", "layer 1"]);
    expect(cellTitles(svg)[0]).toContain("entropy 1.5 nats");
  });

  it("colours by the followed answer", () => {
    const svg = lensFigure(lensResult(words, " Tom"));
    expect(textsOf(svg, ".legend text")).toContain("probability of ·Tom");
    expect(cellTitles(svg)[0]).toContain("·Tom: rank 4, probability 0.9");
  });

  it("stays in the width of a page for a sentence, and readable beyond", () => {
    const sentence = Array.from({ length: 16 }, (_, index) => ` word${index}`);
    expect(sizeOf(lensFigure(lensResult(sentence))).width).toBeLessThanOrEqual(1000);
    const long = Array.from({ length: 60 }, (_, index) => ` word${index}`);
    expect(sizeOf(lensFigure(lensResult(long))).width).toBeGreaterThan(60 * 34);
  });
});

describe("patchingFigure", () => {
  it("has a cell with the effect for every layer and position, labelled with both prompts' tokens", () => {
    const svg = patchingFigure(patchingResult(words));
    expect(cellTitles(svg)).toHaveLength(2 * words.length);
    const texts = textsOf(svg, "text");
    expect(texts).toContain("·Tom/·and");
    expect(texts).toContain("0.50");
    expect(texts).toContain("−0.30");
    expect(textsOf(svg, "desc").join()).toContain("4 clean, −3 corrupted");
  });

  it("draws another kind on demand, without negative zeros", () => {
    const svg = patchingFigure(patchingResult(words), { matrix: 1 });
    expect(cellTitles(svg)).toHaveLength(6);
    const texts = textsOf(svg, "text");
    expect(texts).toContain("head 2");
    expect(texts).not.toContain("−0.00");
    expect(textsOf(svg, ".legend text")).toEqual(expect.arrayContaining(["−1.4", "0", "1.4"]));
    expect(() => patchingFigure(patchingResult(words), { matrix: 2 })).toThrow(RangeError);
  });

  it("shows an unchanged run in the same pale colour in both directions", () => {
    const denoising = patchingResult(words);
    const still = (value: number) => ({
      ...denoising.matrices[0],
      normalized: [
        [value, value, value, value],
        [value, value, value, value],
      ],
    });
    const colours = [
      { ...denoising, matrices: [still(0)] },
      { ...denoising, direction: "noising" as const, matrices: [still(1)] },
    ].map((result) => {
      const cells = [...parse(patchingFigure(result)).querySelectorAll("rect")];
      return cells.find((rect) => rect.querySelector("title"))?.getAttribute("fill");
    });
    expect(colours[0]).toBeDefined();
    expect(colours[0]).toBe(colours[1]);
  });
});

describe("headFigure and barFigure", () => {
  it("shows one number for each head", () => {
    const svg = headFigure(attribution.heads, { title: "Heads", legend: "logits" });
    expect(cellTitles(svg)).toEqual(
      expect.arrayContaining(["layer 0, head 1: −2", "layer 1, head 1: 3"]),
    );
    expect(textsOf(svg, "text")).toEqual(expect.arrayContaining(["1.00", "−2.00", "0.00", "3.00"]));
  });

  it("shows one score for each head of a type", () => {
    const scores = {
      induction: 0.9,
      duplicateToken: 0,
      previousToken: 0,
      currentToken: 0,
      firstToken: 0,
    };
    const heads = [0, 1].map((head) => ({ layer: 0, head, scores, type: null }));
    const { prompt, provenance } = attentionResult(words);
    const result = { heads, threshold: 0.4, prompts: [prompt], provenance };
    expect(textsOf(headTypeFigure(result, "induction"), "text")).toContain("0.90");
  });

  it("sorts bars by size, and leaves out parts that are absent", () => {
    const bars = attributionBars(attribution);
    expect(bars.map(({ label }) => label)).toEqual([
      "embedding",
      "head 0.0",
      "head 0.1",
      "head 1.1",
      "MLP 0",
      "MLP 1",
    ]);
    const svg = barFigure(bars, { title: "Parts", axis: "logits", most: 3 });
    expect(cellTitles(svg)).toEqual(["head 1.1: 3", "head 0.1: −2", "head 0.0: 1"]);
    expect(textsOf(svg, "text")).toEqual(expect.arrayContaining(["logits", "head 1.1", "3", "−2"]));
  });
});

describe("attentionFigure", () => {
  it("has a panel for each head, with a cell for each key that is not masked", () => {
    const svg = attentionFigure(attentionResult(words));
    expect(cellTitles(svg)).toHaveLength(2 * 10);
    expect(textsOf(svg, "text")).toEqual(
      expect.arrayContaining(["layer 3, head 0", "layer 3, head 1"]),
    );
    expect(cellTitles(svg)).toContain("·and → ·Tom: 0.333");
  });
});

describe("every figure", () => {
  const bars = hostile.map((label, index) => ({ label, value: index - 1 }));
  const figures: [name: string, svg: string][] = [
    ["lens", lensFigure(lensResult(hostile, hostile[0]), { title: hostile[0] })],
    ["patching", patchingFigure(patchingResult(hostile))],
    ["attention", attentionFigure(attentionResult(hostile))],
    ["heads", headFigure([[1]], { title: hostile[1], subtitle: hostile[2], legend: hostile[0] })],
    ["bars", barFigure(bars, { title: hostile[0], axis: hostile[2] })],
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
});
