/** Blocks on a terminal: every kind has its form there, whatever method it is from. */
import { type Block, visibleLine, visibleText, visibleToken } from "@mlxterp/results";
import { paint, type Screen } from "../terminal/screen.js";
import { wrap } from "../terminal/text.js";
import { renderAttention } from "./attention.js";
import { renderBars } from "./bars.js";
import {
  renderGraph,
  renderGrid,
  renderHistogram,
  renderLines,
  renderScatter,
} from "./pictures.js";
import { renderTable } from "./table.js";
import { styleOf } from "./tones.js";
import { visibleTable } from "./visible-table.js";

/** Draws blocks, with an empty line between them. */
export function renderBlocks(blocks: readonly Block[], screen: Screen): string {
  return blocks
    .flatMap(flatten)
    .map((block) => `${forTerminal(renderBlock(block, screen))}\n`)
    .join("\n");
}

type FlatBlock = Exclude<Block, { kind: "section" }> | { readonly kind: "heading"; text: string };

/** A section is its heading and what stands below. */
function flatten(block: Block): FlatBlock[] {
  if (block.only === "page") return [];
  if (block.kind !== "section") return [block];
  return [{ kind: "heading", text: block.title }, ...block.blocks.flatMap(flatten)];
}

/** A minus that other programs read as one. */
function forTerminal(rendered: string): string {
  return rendered.replace(/−(?=[\d.∞])/g, "-");
}

function renderBlock(block: FlatBlock, screen: Screen): string {
  switch (block.kind) {
    case "heading":
      return paint(screen, ["bold", "underline"], wrap(visibleLine(block.text), screen.width));
    case "text": {
      const wrapped = wrap(visibleText(block.text), screen.width);
      return block.tone ? paint(screen, styleOf(block.tone), wrapped) : wrapped;
    }
    case "tokens": {
      const pieces = block.pieces.map(visibleToken).join(" | ");
      return wrap(`${visibleLine(block.label)} (${block.pieces.length}): ${pieces}`, screen.width);
    }
    case "table":
      return renderTable(visibleTable(block), screen);
    case "grid":
      return renderGrid(block, screen);
    case "bars":
      return renderBars(block, screen);
    case "lines":
      return renderLines(block, screen);
    case "histogram":
      return renderHistogram(block, screen);
    case "scatter":
      return renderScatter(block, screen);
    case "graph":
      return renderGraph(block, screen);
    case "attention":
      return renderAttention(block, screen);
  }
}
