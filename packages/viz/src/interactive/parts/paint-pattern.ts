/** A pattern as pixels: one cell for each pair of tokens, or for many tokens the largest weight of each pixel. */
import { channelsOf, colourOf } from "../../design/colour-of.js";
import type { Theme } from "../../design/theme.js";
import { paintLater } from "./paint-queue.js";
import type { Weights } from "./weights.js";

/** Weights that are read for one painting, about: of the mean of many long patterns only some are looked at. */
const budget = 2e7;

/** Shades of 0 to 1 as bytes, red, green and blue after each other. */
function shadesOf(theme: Theme): Uint8ClampedArray {
  const colour = colourOf({ kind: "sequential", domain: [0, 1] }, theme);
  const shades = new Uint8ClampedArray(256 * 3);
  for (let shade = 0; shade < 256; shade++) {
    // small weights are seen too: most heads spread over many tokens
    shades.set(channelsOf(colour(Math.sqrt(shade / 255))), 3 * shade);
  }
  return shades;
}

/** Of them, in one frame. */
const ofFrame = 1e6;

/**
 * Paints a pattern into a square canvas, one bitmap pixel for each cell where they fit; a large one band by band.
 *
 * @param side of the bitmap, at most
 * @param cost how many patterns a weight is the mean of
 * @returns leaves the rest unpainted
 */
export function paintPattern(
  canvas: HTMLCanvasElement,
  weights: Weights,
  tokens: number,
  side: number,
  theme: Theme,
  cost = 1,
): () => void {
  const pixels = Math.max(1, Math.min(tokens, side));
  canvas.width = pixels;
  canvas.height = pixels;
  const context = canvas.getContext("2d");
  const step = Math.max(1, Math.sqrt((tokens * tokens * cost) / budget));
  const reads = (tokens / step) ** 2 * cost;
  const rows = Math.max(1, Math.floor((pixels * ofFrame) / Math.max(reads, ofFrame)));
  const bands = Array.from({ length: Math.ceil(pixels / rows) }, (_, band) =>
    paintLater(() => {
      const [top, bottom] = [band * rows, Math.min(pixels, (band + 1) * rows)];
      const image = bandOf(weights, [top, bottom], pixels, tokens / pixels, step, theme);
      context?.putImageData(image, 0, top);
    }),
  );
  return () => {
    for (const takeBack of bands) takeBack();
  };
}

/** The rows of pixels from one to another. */
function bandOf(
  weights: Weights,
  [top, bottom]: readonly [number, number],
  pixels: number,
  per: number,
  step: number,
  theme: Theme,
): ImageData {
  const image = new ImageData(pixels, bottom - top);
  const shades = shadesOf(theme);
  for (let y = top; y < bottom; y++) {
    for (let x = 0; x < pixels; x++) {
      const shade = Math.round(255 * Math.min(1, largest(weights, y * per, x * per, per, step)));
      const at = 4 * ((y - top) * pixels + x);
      image.data.set(shades.subarray(3 * shade, 3 * shade + 3), at);
      image.data[at + 3] = 255;
    }
  }
  return image;
}

function largest(weights: Weights, top: number, left: number, per: number, step: number): number {
  let most = 0;
  for (let query = top; query < top + per - 1e-9; query += step) {
    for (let key = left; key < left + per - 1e-9; key += step) {
      const weight = weights(Math.floor(query), Math.floor(key));
      if (weight > most) most = weight;
    }
  }
  return most;
}
