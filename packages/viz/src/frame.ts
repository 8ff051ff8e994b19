/** The outer SVG of every figure: white ground, title, colour legend, and the drawing below. */
import { type ColourScale, formatNumber } from "@mlxterp/results";
import type { Scale } from "@observablehq/plot";
import { escapeMarkup } from "./text.js";

/** A drawing to be framed. */
export interface Drawing {
  /** SVG elements. */
  readonly markup: string;
  readonly width: number;
  readonly height: number;
}

export interface FrameOptions {
  readonly title: string;
  /** Smaller, under the title. */
  readonly subtitle?: string;
  /** Read by screen readers; by default the title and the subtitle. */
  readonly description?: string;
  readonly legend?: Legend;
}

/** What colours mean. */
export interface Legend {
  readonly label: string;
  readonly colour: Scale;
  readonly domain: readonly [number, number];
  /** Where the ticks are. */
  readonly ticks: readonly number[];
}

/** The ends and the middle of a scale. */
export function legendTicks(scale: ColourScale): number[] {
  const [low, high] = scale.domain;
  return [low, scale.kind === "diverging" ? scale.pivot : (low + high) / 2, high];
}

const ink = "#1a1a1a";
const quiet = "#5c5c5c";
const legendWidth = 180;
const edge = 12;

/** One self-contained SVG document. */
export function frame(drawing: Drawing, options: FrameOptions): string {
  const { title, subtitle, legend } = options;
  const width = Math.max(drawing.width, 360, lineWidth(title, 8.2), lineWidth(subtitle ?? "", 6.3));
  const head = 34 + (subtitle ? 18 : 0);
  const legendHeight = legend ? 44 : 0;
  const top = head + legendHeight;
  const height = top + drawing.height + edge;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, 'DejaVu Sans', sans-serif" fill="${ink}" color="${ink}">`,
    `<title>${escapeMarkup(title)}</title>`,
    `<desc>${escapeMarkup(options.description ?? subtitle ?? title)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${edge}" y="24" font-size="15" font-weight="600">${escapeMarkup(title)}</text>`,
    subtitle
      ? `<text x="${edge}" y="44" font-size="12" fill="${quiet}">${escapeMarkup(subtitle)}</text>`
      : "",
    legend ? legendMarkup(legend, edge, head + 4) : "",
    `<g transform="translate(0 ${top})">${drawing.markup}</g>`,
    "</svg>",
  ].join("");
}

function lineWidth(text: string, perCharacter: number): number {
  return text.length * perCharacter + 2 * edge;
}

const steps = 48;

/** A bar of colours with ticks; steps instead of a gradient, so that it needs no ids that must be unique on a page. */
function legendMarkup({ label, colour, domain, ticks }: Legend, x: number, y: number): string {
  const [low, high] = domain;
  const place = (value: number) => (legendWidth * (value - low)) / (high - low);
  const bars = Array.from({ length: steps }, (_, index) => {
    const value = low + ((high - low) * (index + 0.5)) / steps;
    const left = (legendWidth * index) / steps;
    return `<rect x="${round(left)}" width="${round(legendWidth / steps + 0.5)}" height="10" fill="${String(colour.apply(value))}"/>`;
  });
  const marks = ticks.map(
    (tick) =>
      `<text x="${round(place(tick))}" y="22" text-anchor="middle">${escapeMarkup(formatNumber(tick))}</text>`,
  );
  return `<g class="legend" transform="translate(${x + 10} ${y})" font-size="10">${bars.join("")}${marks.join("")}<text x="${legendWidth + 14}" y="9" font-size="11">${escapeMarkup(label)}</text></g>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
