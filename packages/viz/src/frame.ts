/** What stands around every drawing: title, colour legend, and the document that makes a file of it. */
import { type ColourScale, formatNumber } from "@mlxterp/results";
import { colourOf } from "./design/colour-of.js";
import { type Look, svgFonts } from "./design/look.js";
import { escapeMarkup } from "./text.js";

/** A drawing to be placed somewhere. */
export interface Drawing {
  /** SVG elements. */
  readonly markup: string;
  readonly width: number;
  readonly height: number;
}

export interface FrameOptions {
  readonly title?: string;
  /** Smaller, under the title. */
  readonly subtitle?: string;
  readonly legend?: Legend;
}

/** What colours mean. */
export interface Legend {
  readonly label: string;
  readonly scale: ColourScale;
}

/** A framed drawing with what describes it. */
export interface Picture extends Drawing {
  readonly title: string;
  readonly description: string;
}

const legendWidth = 180;
const edge = 12;

/** A drawing with its title and legend above. */
export function frame(
  drawing: Drawing,
  { title, subtitle, legend }: FrameOptions,
  { theme, width: widest }: Look,
): Picture {
  const lines = wrapped(subtitle ?? "", Math.max(widest, drawing.width) / 6.2);
  const width = Math.max(drawing.width, legend ? 360 : 0, lineWidth(title ?? "", 8.4), ...lines.map((line) => lineWidth(line, 6.3))); // biome-ignore format: one number
  const head = (title ? 34 : 8) + 17 * lines.length;
  const top = head + (legend ? 44 : 0);
  const texts = lines.map((line, index) => `<text x="${edge}" y="${(title ? 44 : 18) + 17 * index}" font-size="12" fill="${theme.quiet}">${escapeMarkup(line)}</text>`); // biome-ignore format: one element
  const markup = [
    title ? `<text x="${edge}" y="24" font-size="16" font-weight="600">${escapeMarkup(title)}</text>` : "", // biome-ignore format: one element
    ...texts,
    legend ? legendMarkup(legend, edge, head + 6, theme) : "",
    `<g transform="translate(0 ${top})">${drawing.markup}</g>`,
  ].join("");
  const name = title ?? subtitle ?? "";
  return { markup, width, height: top + drawing.height + edge, title: name, description: subtitle ?? name }; // biome-ignore format: one object
}

/** One self-contained SVG document. */
export function documentOf(
  { markup, width, height, title, description }: Picture,
  { theme }: Look,
): string {
  const [across, down] = [Math.ceil(width), Math.ceil(height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${across}" height="${down}" viewBox="0 0 ${across} ${down}" role="img" font-family="${svgFonts.text}" fill="${theme.ink}" color="${theme.ink}">`,
    `<title>${escapeMarkup(title || "Picture")}</title>`,
    `<desc>${escapeMarkup(description || title || "Picture")}</desc>`,
    `<rect width="${across}" height="${down}" fill="${theme.card}"/>`,
    markup,
    "</svg>",
  ].join("");
}

/** Lines of at most so many characters, broken between words. */
export function wrapped(text: string, characters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/[ \n]+/).filter((part) => part !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= characters)
      lines[lines.length - 1] = `${last} ${word}`; // biome-ignore format: one choice
    else lines.push(word);
  }
  return lines;
}

function lineWidth(text: string, perCharacter: number): number {
  return text.length * perCharacter + 2 * edge;
}

const steps = 48;

/** A bar of colours with ticks; steps instead of a gradient, so that it needs no ids that must be unique on a page. */
function legendMarkup(
  { label, scale }: Legend,
  x: number,
  y: number,
  theme: Look["theme"],
): string {
  const [low, high] = scale.domain;
  const colour = colourOf(scale, theme);
  const place = (value: number) => (legendWidth * (value - low)) / (high - low || 1);
  const bars = Array.from({ length: steps }, (_, index) => {
    const value = low + ((high - low) * (index + 0.5)) / steps;
    const left = (legendWidth * index) / steps;
    return `<rect x="${round(left)}" width="${round(legendWidth / steps + 0.5)}" height="9" fill="${colour(value)}"/>`;
  });
  const ticks = [low, scale.kind === "diverging" ? scale.pivot : (low + high) / 2, high];
  const marks = ticks.map(
    (tick) =>
      `<text x="${round(place(tick))}" y="22" text-anchor="middle" fill="${theme.quiet}">${escapeMarkup(formatNumber(tick))}</text>`,
  );
  return `<g class="legend" transform="translate(${x + 10} ${y})" font-size="10.5">${bars.join("")}${marks.join("")}<text x="${legendWidth + 14}" y="9" font-size="11.5" fill="${theme.quiet}">${escapeMarkup(label)}</text></g>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
