/** What a command shows, as data: a terminal draws it when the width is known, a report as a page. */
import type { AttentionResult } from "@mlxterp/analysis";
import { type HeatMapBlock, renderHeatMap } from "./heat-map.js";
import { paint, type Screen, type TextStyle } from "./screen.js";
import { type Cell, renderTable, type TableBlock } from "./table.js";
import { wrap } from "./text.js";
import { visibleLine, visibleText } from "./visible.js";

/** What terminals show. */
type ScreenBlock =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "text"; readonly text: string; readonly style?: TextStyle }
  | ({ readonly kind: "table" } & TableBlock)
  | ({ readonly kind: "heatMap" } & HeatMapBlock);

/** What only pages show; drawn when a page is wanted. */
type PageBlock =
  | { readonly kind: "figure"; draw(): Promise<string> }
  | { readonly kind: "attention"; readonly result: AttentionResult };

/** A piece of output. */
export type Block = ScreenBlock | PageBlock;

export function heading(text: string): Block {
  return { kind: "heading", text };
}

/** A sentence or paragraph, broken between words. */
export function paragraph(text: string, style?: TextStyle): Block {
  return { kind: "text", text, style };
}

export function table(content: TableBlock): Block {
  return { kind: "table", ...content };
}

export function heatMap(content: HeatMapBlock): Block {
  return { kind: "heatMap", ...content };
}

/** @param draw makes an SVG document */
export function figure(draw: () => Promise<string>): Block {
  return { kind: "figure", draw };
}

/** Draws blocks, with an empty line between them. */
export function renderBlocks(blocks: readonly Block[], screen: Screen): string {
  return blocks
    .filter((block): block is ScreenBlock => block.kind !== "figure" && block.kind !== "attention")
    .map((block) => `${renderBlock(visibleBlock(block), screen)}\n`)
    .join("\n");
}

/** The block with everything written out that a terminal would obey or hide. */
function visibleBlock(block: ScreenBlock): ScreenBlock {
  switch (block.kind) {
    case "heading":
      return { ...block, text: visibleLine(block.text) };
    case "text":
      return { ...block, text: visibleText(block.text) };
    case "heatMap":
      return { ...block, labels: block.labels.map(visibleLine) };
    case "table":
      return {
        ...block,
        columns: block.columns.map((column) => ({ ...column, title: visibleLine(column.title) })),
        rows: block.rows.map((row) => row.map(visibleCell)),
      };
  }
}

function visibleCell(cell: Cell): Cell {
  return typeof cell === "string" ? visibleLine(cell) : { ...cell, text: visibleLine(cell.text) };
}

function renderBlock(block: ScreenBlock, screen: Screen): string {
  switch (block.kind) {
    case "heading":
      return paint(screen, ["bold", "underline"], wrap(block.text, screen.width));
    case "text": {
      const wrapped = wrap(block.text, screen.width);
      return block.style ? paint(screen, block.style, wrapped) : wrapped;
    }
    case "table":
      return renderTable(block, screen);
    case "heatMap":
      return renderHeatMap(block, screen);
  }
}
