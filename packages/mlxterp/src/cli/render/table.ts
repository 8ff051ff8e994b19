/** Tables that fit the screen: columns that do not fit beside each other go below, and a note says what is left out. */

import type { Cell, TableBlock } from "@mlxterp/results";
import { paint, type Screen } from "../terminal/screen.js";
import { displayWidth, shorten, wrap } from "../terminal/text.js";
import { styleOf } from "./tones.js";

/** A table to be drawn. */
export type DrawnTable = Omit<TableBlock, "kind">;

const gap = 2;
/** More windows than this are a wall of numbers; the last ones are kept. */
const mostWindows = 3;

/** A table as lines, none wider than the screen. */
export function renderTable(table: DrawnTable, screen: Screen): string {
  const fixed = Math.min(table.fixed ?? 1, table.columns.length);
  const widths = columnWidths(table, fixed, screen.width);
  const windows = splitColumns(widths, fixed, screen.width);
  const shown = windows.slice(-mostWindows);
  const head = range(0, fixed);
  const parts = shown.map((columns) => drawTable(table, [...head, ...columns], widths, screen));
  const first = shown[0]?.[0] ?? fixed;
  if (first > fixed) parts.push(omissionNote(table, fixed, first, screen));
  return parts.join("\n\n");
}

function omissionNote(table: DrawnTable, fixed: number, first: number, screen: Screen): string {
  const { unit = "columns", columns } = table;
  const note = `The first ${first - fixed} of ${columns.length - fixed} ${unit} are left out; --json and --out have all of them.`;
  return paint(screen, "dim", wrap(note, screen.width));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function cellText(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

/** The width of each column: what it needs, but never so much that a window could not hold one free column. */
function columnWidths({ columns, rows, widest = 24 }: DrawnTable, fixed: number, width: number) {
  const widths = columns.map(({ title }, index) => {
    const texts = [title, ...rows.map((row) => cellText(row[index]))];
    return Math.max(1, Math.min(widest, Math.max(...texts.map(displayWidth))));
  });
  const free = widths.slice(fixed);
  const room = free.length > 0 ? Math.min(Math.max(...free), Math.floor(width / 3)) + gap : 0;
  while (fixedWidth(widths, fixed) + room - gap > width) {
    const largest = widths.slice(0, fixed).reduce((a, b, i, all) => (b > all[a] ? i : a), 0);
    if (widths[largest] === 1) break;
    widths[largest]--;
  }
  const rest = width - fixedWidth(widths, fixed);
  return widths.map((size, index) => (index < fixed ? size : Math.max(1, Math.min(size, rest))));
}

/** Columns that the fixed part takes, its last gap included. */
function fixedWidth(widths: readonly number[], fixed: number): number {
  return widths.slice(0, fixed).reduce((sum, size) => sum + size + gap, 0);
}

/** Which of the free columns stand beside each other, window by window. */
function splitColumns(widths: readonly number[], fixed: number, width: number): number[][] {
  const start = fixedWidth(widths, fixed);
  const windows: number[][] = [[]];
  let used = start;
  for (const column of range(fixed, widths.length)) {
    const needed = widths[column] + gap;
    const current = windows[windows.length - 1];
    if (current.length > 0 && used + needed - gap > width) {
      windows.push([column]);
      used = start + needed;
    } else {
      current.push(column);
      used += needed;
    }
  }
  return windows;
}

function drawTable(
  { columns, rows }: DrawnTable,
  chosen: readonly number[],
  widths: readonly number[],
  screen: Screen,
): string {
  const drawLine = (draw: (column: number) => Drawn) =>
    chosen
      .map((column) => pad(draw(column), widths[column], columns[column].align))
      .join(" ".repeat(gap))
      .trimEnd();
  const head = drawLine((column) => {
    const plain = shorten(columns[column].title, widths[column]);
    return { plain, painted: paint(screen, "bold", plain) };
  });
  const rule = chosen.map((column) => "─".repeat(widths[column])).join("─".repeat(gap));
  const lines = rows.map((row) =>
    drawLine((column) => drawCell(row[column], widths[column], screen)),
  );
  return [head, rule, ...lines].join("\n");
}

/** A text that fits its column, and the same with its style. */
interface Drawn {
  readonly plain: string;
  readonly painted: string;
}

function pad({ plain, painted }: Drawn, width: number, align: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, width - displayWidth(plain)));
  return align === "left" ? painted + space : space + painted;
}

function drawCell(cell: Cell, width: number, screen: Screen): Drawn {
  const plain = shorten(cellText(cell), width);
  const tone = typeof cell === "string" ? undefined : cell.tone;
  return { plain, painted: tone ? paint(screen, styleOf(tone), plain) : plain };
}
