/** What a command shows, as data: a terminal draws it when the width is known, a report as a page. */
import type { AttentionResult } from "@mlxterp/analysis";
import { type HeatMapBlock, renderHeatMap } from "./heat-map.js";
import { paint, type Screen, type TextStyle } from "./screen.js";
import { renderTable, type TableBlock } from "./table.js";
import { wrap } from "./text.js";

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
    .map((block) => `${renderBlock(block, screen)}\n`)
    .join("\n");
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
