/** From a block to an SVG document, whatever method it is from. */
import type { PictureBlock } from "./pictures.js";

/**
 * Draws one block. What draws is loaded with the first picture.
 *
 * @returns a self-contained SVG document, on white, every text of it escaped
 * @throws TypeError for a block that is no picture
 * @example
 * const svg = await drawBlock({ kind: "bars", title: "Parts", axis: "logits", bars: [{ label: "head 1.0", value: 2 }] });
 */
export async function drawBlock(block: PictureBlock): Promise<string> {
  const { drawPicture } = await import("./pictures.js");
  return drawPicture(block);
}
