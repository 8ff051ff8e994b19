/** From a block to a picture, with what draws at hand: loading it takes longer than most pictures. */
import { type Block, InvalidArgumentError } from "@mlxterp/results";
import { type Look, type LookOptions, lookOf } from "../design/look.js";
import { documentOf, type Picture } from "../frame.js";
import { drawAttention } from "./attention.js";
import { drawBars } from "./bars.js";
import { drawGraph } from "./graph.js";
import { drawGrid } from "./grid.js";
import { drawHistogram, drawLines, drawScatter } from "./plots.js";
import { drawTable, drawText } from "./texts.js";
import { drawTokens } from "./tokens.js";

/** Blocks that are drawn by themselves: all but sections, which hold others. */
export type PictureBlock = Exclude<Block, { kind: "section" }>;

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a block that is no picture */
export function drawPicture(block: PictureBlock, options?: LookOptions): string {
  const look = lookOf(options);
  return documentOf(pictureOf(block, look), look);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a block that is no picture */
export function pictureOf(block: PictureBlock, look: Look): Picture {
  switch (block.kind) {
    case "grid":
      return drawGrid(block, look);
    case "bars":
      return drawBars(block, look);
    case "lines":
      return drawLines(block, look);
    case "histogram":
      return drawHistogram(block, look);
    case "scatter":
      return drawScatter(block, look);
    case "attention":
      return drawAttention(block, look);
    case "graph":
      return drawGraph(block, look);
    case "tokens":
      return drawTokens(block, look);
    case "table":
      return drawTable(block, look);
    case "text":
      return drawText(block, look);
    default:
      throw new InvalidArgumentError(
        "block",
        block,
        `one of kind "${(block as Block).kind}" is no picture by itself; drawBlocks draws it.`,
      );
  }
}
