/** Observable Plot without a browser: a document of its own for each figure. */
import { type PlotOptions, plot } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { svgFonts } from "./design/look.js";
import { replaceForbidden } from "./text.js";

/** Draws a plot and writes it as an SVG element to be placed in another one. */
export function plotMarkup(options: PlotOptions): string {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const element = plot({ ...options, document });
  for (const style of [...element.querySelectorAll("style")]) style.remove(); // for pages, not for files
  element.setAttribute("font-size", "11");
  element.setAttribute("font-family", svgFonts.text);
  return replaceForbidden(element.outerHTML);
}
