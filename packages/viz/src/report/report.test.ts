/** The report: one page, everything in it, nothing that a text could turn into markup or code. */
import { createHash } from "node:crypto";
import { type AttentionBlock, section, text } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { unpackBlocks } from "../packed/pack-blocks.js";
import { attentionBlock, hostile, parse, textsOf, wordGrid } from "../test-support.js";
import { reportPage } from "./report.js";

const [script, quotes, closing] = hostile;

const full = reportPage({
  title: script,
  summary: quotes,
  blocks: [
    { kind: "tokens", label: script, pieces: hostile, values: [0, 0.5, 1, 0], scale: { kind: "sequential", domain: [0, 1] } }, // biome-ignore format: one block
    section(
      quotes,
      text(script),
      text(closing, "quiet"),
      {
        kind: "table",
        columns: [{ title: script }, { title: "number", align: "right" }],
        rows: [
          [closing, "0.123"],
          [{ text: quotes, tone: "strong" }, "−2"],
        ],
        caption: script,
      },
      wordGrid(hostile),
      section("Inside", wordGrid(["a", "b"])),
    ),
    section("Patterns", { ...attentionBlock(hostile), open: { layer: 3, head: 1 } }),
    section("End"),
    text("after the end"),
    { ...text("for terminals"), only: "terminal" },
  ],
  provenance: { model: script, seed: 3 },
  command: "mlxterp lens '</script>'",
});

describe("htmlReport", () => {
  it("folds the strips of many prompts, so that what was found is seen first", () => {
    const strip = (label: string) => ({ kind: "tokens", label, pieces: ["a", "b"] }) as const;
    const coloured = { ...strip("Scores"), values: [0, 1], scale: { kind: "sequential", domain: [0, 1] } } as const; // biome-ignore format: one block
    const prompts = [1, 2, 3].flatMap(() => [strip("Clean"), strip("Corrupted")]);
    const many = parse(
      reportPage({ title: "Many", blocks: [...prompts, coloured, wordGrid(["a"])] }),
    );
    const [fold] = many.querySelectorAll("main details");
    expect(fold.querySelector("summary")?.textContent).toBe("Clean, Corrupted: 6 in all");
    expect(fold.querySelectorAll("svg")).toHaveLength(6);
    expect(many.querySelectorAll("main figure")).toHaveLength(8);
    const two = parse(reportPage({ title: "Two", blocks: prompts.slice(0, 2) }));
    expect(two.querySelectorAll("main details")).toHaveLength(0);
  });

  it("shows title, texts, tables, figures and provenance in their order", () => {
    expect(textsOf(full, "h1")).toEqual([script]);
    expect(textsOf(full, "h2")).toEqual([quotes, "Patterns", "End"]);
    expect(textsOf(full, "section p")).toEqual([script, closing, "after the end"]);
    expect(textsOf(full, "h3")).toEqual(["Inside"]);
    expect(textsOf(full, "figure svg text")).toEqual(
      expect.arrayContaining([
        "<script>alert(1)</scrip…",
        "·& \"quoted\" 'text'",
        closing,
        "\\n\\x00\\t",
      ]),
    );
    expect(textsOf(full, "td")).toEqual([closing, "0.123", quotes, "−2"]);
    expect(textsOf(full, "caption")).toEqual([script]);
    expect(textsOf(full, "figure > .scroll > svg > title")).toHaveLength(4);
    expect(textsOf(full, "header code")).toEqual(["mlxterp lens '</script>'"]);
    expect(JSON.parse(textsOf(full, "footer pre")[0])).toEqual({ model: script, seed: 3 });
    expect(textsOf(full, "nav a")).toEqual([quotes, "Patterns", "End"]);
  });

  it("runs its own script only, and loads nothing", () => {
    const scripts = [...parse(full).querySelectorAll("script")];
    const code = scripts.filter((element) => !element.getAttribute("type"));
    expect(code).toHaveLength(1);
    const own = full.slice(full.lastIndexOf("<script>") + 8, full.lastIndexOf("</script>"));
    const hash = createHash("sha256").update(own).digest("base64");
    expect(full).toContain(
      `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`,
    );
    expect(full.replace(/http:\/\/www\.w3\.org\/[\w/]*/g, "")).not.toMatch(
      /https?:|<link|<img|@import|url\(/,
    );
    expect(full).not.toContain("alert(1)</script>");
  });

  it("carries every block as data that no token ends, and attention finely enough", () => {
    const data = [...parse(full).querySelectorAll('script[type="application/json"]')];
    const parts = data.map((element) => unpackBlocks(element.textContent ?? ""));
    expect(parts.map((blocks) => blocks.map(({ kind }) => kind))).toEqual([
      ["tokens"],
      ["text", "text", "table", "grid", "section"],
      ["attention"],
      ["text"],
    ]);
    const [attention] = parts[2] as AttentionBlock[];
    expect(attention.pieces).toEqual(hostile);
    expect(attention.patterns[1].weights[5]).toBeCloseTo(0.5, 4);
    expect(attention.open).toEqual({ layer: 3, head: 1 });
    expect(full.match(/<\/script>/g)).toHaveLength(parts.length + 1);
  });

  it("says nothing of provenance and command where there are none", () => {
    const plain = reportPage({ title: "T", blocks: [section("H", text("x"))] });
    expect(plain).not.toContain("Provenance");
    expect(plain).not.toContain("<code>");
  });

  it("leaves pictures of very many cells to the script", () => {
    const wide = wordGrid(Array.from({ length: 4096 }, (_, index) => ` word${index}`));
    const page = reportPage({ title: "T", blocks: [wide] });
    expect(page).toContain("A picture of 12288 parts, which needs JavaScript.");
  });
});
