/** Numbers between 0 and 1 as shades of characters, for terminals. */
import { paint, type Screen } from "../terminal/screen.js";
import { displayWidth, shorten } from "../terminal/text.js";

export interface HeatMapBlock {
  /** One for each row, and for each column: a token. */
  readonly labels: readonly string[];
  /** [row][column], between 0 and 1; rows may be shorter than others. */
  readonly values: readonly (readonly number[])[];
}

const shades = [" ·", " ░", "░░", "▒▒", "▓▓", "██"];
const cellWidth = 3;
const longestLabel = 12;

/** A shade for every value, at least a dot for more than 2 %; columns carry the number of their row. */
export function renderHeatMap({ labels, values }: HeatMapBlock, screen: Screen): string {
  const names = labels.map(
    (label, index) => `${`${index}`.padStart(3)} ${shorten(label, longestLabel)}`,
  );
  const column = Math.max(...names.map(displayWidth)) + 1;
  const fitting = Math.max(1, Math.floor((screen.width - column) / cellWidth));
  const count = labels.length;
  const parts: string[] = [];
  for (let start = 0; start < count; start += fitting) {
    const end = Math.min(count, start + fitting);
    parts.push(drawWindow(names, values, { start, end, column }, screen));
  }
  return parts.join("\n\n");
}

interface Window {
  readonly start: number;
  readonly end: number;
  /** Where the cells begin. */
  readonly column: number;
}

function drawWindow(
  names: readonly string[],
  values: HeatMapBlock["values"],
  { start, end, column }: Window,
  screen: Screen,
): string {
  const numbers = Array.from({ length: end - start }, (_, index) => `${start + index}`);
  const header = " ".repeat(column) + numbers.map((text) => text.padStart(cellWidth)).join("");
  const rows = names.map((name, row) => {
    const cells = values[row].slice(start, end).map((value) => ` ${shade(value)}`);
    const gap = " ".repeat(column - displayWidth(name));
    return (name + gap + cells.join("")).trimEnd();
  });
  return [paint(screen, "dim", header), ...rows].join("\n");
}

function shade(value: number): string {
  if (!(value > 0.02)) return "  ";
  return shades[Math.min(shades.length - 1, Math.floor(value * shades.length))];
}
