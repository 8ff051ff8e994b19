/** From a block to an SVG document, with what draws at hand: loading it takes longer than most pictures. */
import type { Block } from "@mlxterp/results";
import { drawAttention } from "./attention.js";
import { drawBars } from "./bars.js";
import { drawGraph } from "./graph.js";
import { drawGrid } from "./grid.js";
import { drawHistogram, drawLines, drawScatter } from "./plots.js";

/** Blocks that are pictures. */
export type PictureBlock = Extract<
  Block,
  { kind: "grid" | "bars" | "lines" | "histogram" | "scatter" | "attention" | "graph" }
>;

/** @throws TypeError for a block that is no picture */
export function drawPicture(block: PictureBlock): string {
  switch (block.kind) {
    case "grid":
      return drawGrid(block);
    case "bars":
      return drawBars(block);
    case "lines":
      return drawLines(block);
    case "histogram":
      return drawHistogram(block);
    case "scatter":
      return drawScatter(block);
    case "attention":
      return drawAttention(block);
    case "graph":
      return drawGraph(block);
    default:
      throw new TypeError(`A block of kind "${(block as Block).kind}" is no picture.`);
  }
}
