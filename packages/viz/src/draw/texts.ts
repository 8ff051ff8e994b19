/** Headings, paragraphs and tables as parts of a picture. */
import type { Cell, TableBlock, TextBlock } from "@mlxterp/results";
import type { Look } from "../design/look.js";
import { frame, type Picture, wrapped } from "../frame.js";
import { escapeMarkup, shorten } from "../text.js";

const edge = 12;
const perCharacter = 6.9;

/** A heading, below a line that parts it from what comes before. */
export function drawHeading(title: string, { theme, width }: Look): Picture {
  const rule = `<path d="M${edge} 8H${width - edge}" stroke="${theme.line}"/>`;
  const markup = `${rule}<text x="${edge}" y="40" font-size="20" font-weight="600">${escapeMarkup(title)}</text>`;
  return { markup, width, height: 48, title, description: title };
}

export function drawText({ text, tone }: TextBlock, { theme, width }: Look): Picture {
  const lines = text
    .split("\n")
    .flatMap((line) => wrapped(line, (width - 2 * edge) / perCharacter));
  const colour = tone && tone !== "strong" ? theme[tone] : theme.ink;
  const weight = tone === "strong" ? ` font-weight="600"` : "";
  const markup = lines
    .map((line, index) => `<text x="${edge}" y="${18 + 19 * index}" font-size="13" fill="${colour}"${weight}>${escapeMarkup(line)}</text>`) // biome-ignore format: one element
    .join("");
  return { markup, width, height: 19 * lines.length + 10, title: text, description: text };
}

const row = 22;
/** More rows are for pages and data. */
const most = 40;
/** Characters of a cell, where a table does not say. */
const widest = 40;

/** Draws the first rows of a table. */
export function drawTable(block: TableBlock, look: Look): Picture {
  const { columns, caption } = block;
  const { theme } = look;
  const limit = Math.max(8, block.widest ?? widest);
  const rows = block.rows.slice(0, most);
  const texts = rows.map((cells) => cells.map((cell) => shorten(textOf(cell), limit)));
  const titles = columns.map(({ title }) => shorten(title, limit));
  const widths = titles.map(
    (title, column) =>
    Math.ceil(perCharacter * texts.reduce((longest, cells) => Math.max(longest, [...(cells[column] ?? "")].length), [...title].length) + 18), // biome-ignore format: one number
  );
  const lefts = widths.map((_, column) => edge + widths.slice(0, column).reduce((sum, width) => sum + width, 0)); // biome-ignore format: one number
  const total = widths.reduce((sum, width) => sum + width, 0);
  const write = (text: string, column: number, y: number, style: string) => {
    const right = columns[column]?.align === "right";
    const x = right ? lefts[column] + widths[column] - 18 : lefts[column];
    return `<text x="${x}" y="${y}" font-size="12" text-anchor="${right ? "end" : "start"}" ${style}>${escapeMarkup(text)}</text>`;
  };
  const rule = (y: number, colour: string) => `<path d="M${edge} ${y}H${edge + total - 18}" stroke="${colour}"/>`; // biome-ignore format: one element
  const body = rows.map(
    (cells, at) =>
    cells.map((cell, column) => write(texts[at][column], column, 42 + row * at, styleOf(cell, look))).join("") + rule(49 + row * at, theme.line), // biome-ignore format: one row
  );
  const left = block.rows.length - rows.length;
  const end = 50 + row * rows.length;
  const more = left > 0 ? `<text x="${edge}" y="${end + 12}" font-size="11" fill="${theme.quiet}">and ${left} more rows</text>` : ""; // biome-ignore format: one element
  const head = titles
    .map((title, column) => write(title, column, 18, `font-weight="600"`))
    .join("");
  const markup = head + rule(25, theme.quiet) + body.join("") + more;
  const drawing = { markup, width: total + 2 * edge, height: end + (left > 0 ? 20 : 4) };
  return frame(drawing, { subtitle: caption }, look);
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function styleOf(cell: Cell, { theme }: Look): string {
  const tone = typeof cell === "string" ? undefined : cell.tone;
  if (tone === "strong") return `font-weight="600"`;
  return tone ? `fill="${theme[tone]}"` : "";
}
