/** From blocks to an SVG document, whatever method they are from. */
import { type Block, checkBlock, checkBlocks } from "@mlxterp/results";
import { checkOptions, checkText } from "@mlxterp/results/errors";
import { type LookOptions, lookRules } from "../design/look.js";
import type { PictureBlock } from "./pictures.js";
import type { SheetOptions } from "./sheet.js";

/**
 * Draws one block. What draws is loaded with the first picture.
 *
 * @param options.theme light (default) or dark
 * @param options.size for a screen (default) or for a column on paper
 * @returns a self-contained SVG document, every text of it escaped
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no block, naming the field that is wrong, and for a
 * section, which is no picture by itself
 * @example
 * const svg = await drawBlock({ kind: "bars", title: "Parts", axis: "logits", bars: [{ label: "head 1.0", value: 2 }] });
 */
export async function drawBlock(block: PictureBlock, options: LookOptions = {}): Promise<string> {
  checkBlock("block", block);
  checkOptions<LookOptions>("drawBlock", options, lookRules);
  const { drawPicture } = await import("./pictures.js");
  return drawPicture(block, options);
}

/**
 * Draws blocks below each other as one picture, sections with their headings.
 *
 * @param options.title above everything
 * @param options.footer small, below everything
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no block, naming the field that is wrong
 * @example
 * const svg = await drawBlocks(lens.view(readout), { title: "Logit lens of tiny", theme: "dark" });
 */
export async function drawBlocks(
  blocks: readonly Block[],
  options: SheetOptions = {},
): Promise<string> {
  checkBlocks("blocks", blocks);
  checkOptions<SheetOptions>("drawBlocks", options, {
    ...lookRules,
    title: checkText,
    footer: checkText,
  });
  const { drawSheet } = await import("./sheet.js");
  return drawSheet(blocks, options);
}
