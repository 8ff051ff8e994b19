/** Observable Plot without a browser: a document of its own for each figure. */
import { type PlotOptions, plot, type Scale } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { replaceForbidden } from "./text.js";

/** A plot as markup, with the scales it used. */
export interface PlotMarkup {
  readonly markup: string;
  readonly colour: Scale | undefined;
}

/** Draws a plot and writes it as an SVG element to be placed in another one. */
export function plotMarkup(options: PlotOptions): PlotMarkup {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const element = plot({ ...options, document });
  for (const style of [...element.querySelectorAll("style")]) style.remove(); // for pages, not for files
  element.setAttribute("font-size", "11");
  element.setAttribute("font-family", "system-ui, 'DejaVu Sans', sans-serif");
  return { markup: replaceForbidden(element.outerHTML), colour: element.scale("color") };
}
