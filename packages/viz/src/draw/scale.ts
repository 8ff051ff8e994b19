/** A colour scale as a function. */
import type { ColourScale } from "@mlxterp/results";
import { cell, type Scale } from "@observablehq/plot";
import { plotColour } from "../colours.js";
import { plotMarkup } from "../plot-svg.js";

/** The scale by itself, for texts and the legend. */
export function scaleOf(scale: ColourScale): Scale {
  const { colour } = plotMarkup({
    color: plotColour(scale),
    marks: [cell([scale.domain[0]], { x: () => 0, fill: (value: number) => value })],
  });
  return colour!;
}
