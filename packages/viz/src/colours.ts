/** Colours of figures: perceptually even scales from the ColorBrewer set, and what can be read on them. */
import type { ColourScale } from "@mlxterp/results";
import type { ScaleOptions } from "@observablehq/plot";

/** The scale in Observable Plot's words. */
export function plotColour(scale: ColourScale): ScaleOptions {
  const { domain } = scale;
  const shared = { domain: [...domain], clamp: true };
  return scale.kind === "sequential"
    ? { ...shared, type: "linear", scheme: "blues" }
    : { ...shared, type: "diverging", scheme: "rdbu", pivot: scale.pivot };
}

/** Black or white, whichever is easier to read on a colour written as `#rrggbb` or `rgb(r, g, b)`. */
export function textOn(colour: string): string {
  const parts = /^#/.test(colour)
    ? [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
    : (colour.match(/\d+(\.\d+)?/g) ?? ["255", "255", "255"]).map(Number);
  const [red, green, blue] = parts.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue; // WCAG 2, relative luminance
  return luminance > 0.3 ? "#1a1a1a" : "#ffffff";
}
