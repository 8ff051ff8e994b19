/** Several blocks below each other, as one picture with what they are of. */
import type { Block } from "@mlxterp/results";
import { type Look, type LookOptions, lookOf } from "../design/look.js";
import { documentOf, type Picture, wrapped } from "../frame.js";
import { escapeMarkup } from "../text.js";
import { pictureOf } from "./pictures.js";
import { drawHeading } from "./texts.js";

/** What a picture of several blocks says besides them. */
export interface SheetOptions extends LookOptions {
  readonly title?: string;
  /** Small, below everything: where it comes from. */
  readonly footer?: string;
}

const gap = 10;
const edge = 12;

/** The pictures in their order, as wide as the widest. */
export function drawSheet(
  blocks: readonly Block[],
  { title, footer, ...options }: SheetOptions,
): string {
  const look = lookOf(options);
  const parts = [...(title ? [titleOf(title, look)] : []), ...blocks.flatMap((block) => partsOf(block, look))]; // biome-ignore format: one list
  if (footer) parts.push(footerOf(footer, look));
  let height = 0;
  const placed = parts.map((part) => {
    const at = height;
    height += part.height + gap;
    return `<g transform="translate(0 ${at})">${part.markup}</g>`;
  });
  const width = parts.reduce((most, part) => Math.max(most, part.width), 360);
  const name = title ?? parts[0]?.title ?? "";
  const sheet = { markup: placed.join(""), width, height: Math.max(height, 40), title: name, description: parts.map((part) => part.title).join("; ").slice(0, 500) }; // biome-ignore format: one object
  return documentOf(sheet, look);
}

function partsOf(block: Block, look: Look): Picture[] {
  if (block.only === "terminal") return [];
  if (block.kind !== "section") return [pictureOf(block, look)];
  return [drawHeading(block.title, look), ...block.blocks.flatMap((one) => partsOf(one, look))];
}

function titleOf(title: string, { width }: Look): Picture {
  const lines = wrapped(title, width / 13);
  const markup = lines.map((line, index) => `<text x="${edge}" y="${36 + 30 * index}" font-size="24" font-weight="600">${escapeMarkup(line)}</text>`); // biome-ignore format: one element
  return {
    markup: markup.join(""),
    width,
    height: 18 + 30 * lines.length,
    title,
    description: title,
  };
}

function footerOf(footer: string, { theme, width }: Look): Picture {
  const lines = wrapped(footer, width / 5.8);
  const markup = lines.map((line, index) => `<text x="${edge}" y="${22 + 15 * index}" font-size="10.5" fill="${theme.quiet}">${escapeMarkup(line)}</text>`); // biome-ignore format: one element
  const rule = `<path d="M${edge} 4H${width - edge}" stroke="${theme.line}"/>`;
  return { markup: rule + markup.join(""), width, height: 16 + 15 * lines.length, title: footer, description: footer }; // biome-ignore format: one object
}
