/** Pictures as pixels: of the size asked for, with letters in them. */
import { expect, it } from "vitest";
import { drawPicture } from "../draw/pictures.js";
import { wordGrid } from "../test-support.js";
import { svgToPng } from "./svg-to-png.js";

/** From the header of the file. */
function sizeOf(png: Uint8Array): { width: number; height: number } {
  const view = new DataView(png.buffer, png.byteOffset);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

const svg = drawPicture(wordGrid(["a", " b"]), { theme: "dark", size: "paper" });
const [, width] = svg.match(/width="(\d+)"/) ?? [];

it("has as many pixels as were asked for, and other pixels for other words", async () => {
  const png = await svgToPng(svg, { scale: 3 });
  expect([...png.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
  expect(sizeOf(png).width).toBe(3 * Number(width));
  const wordless = await svgToPng(svg.replace(/>[^<]*<\/text>/g, "></text>"), { scale: 3 });
  expect(Buffer.compare(png, wordless)).not.toBe(0);
});

it("is drawn with fewer pixels rather than not at all, where it is very long", async () => {
  const long = `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="40000"><rect width="10" height="9"/></svg>`;
  expect(sizeOf(await svgToPng(long)).height).toBeLessThanOrEqual(16_000);
});

it("refuses a scale that is none", async () => {
  await expect(svgToPng(svg, { scale: 0 })).rejects.toThrow("scale: must be above 0");
  await expect(svgToPng(svg, { scale: Number.NaN })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    argument: "scale",
  });
});
