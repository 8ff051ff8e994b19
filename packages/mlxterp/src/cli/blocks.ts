/** What a command shows, as data: headings, sentences and tables, drawn when the width is known. */
import { type HeatMapBlock, renderHeatMap } from "./heat-map.js";
import { paint, type Screen, type TextStyle } from "./screen.js";
import { renderTable, type TableBlock } from "./table.js";
import { wrap } from "./text.js";

/** A piece of output. */
export type Block =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "text"; readonly text: string; readonly style?: TextStyle }
  | ({ readonly kind: "table" } & TableBlock)
  | ({ readonly kind: "heatMap" } & HeatMapBlock);

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

/** Draws blocks, with an empty line between them. */
export function renderBlocks(blocks: readonly Block[], screen: Screen): string {
  return blocks.map((block) => `${renderBlock(block, screen)}\n`).join("\n");
}

function renderBlock(block: Block, screen: Screen): string {
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
