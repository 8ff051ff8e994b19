/** Where the cells of a heat map are, and which of them are in sight. */
import { type Cell, formatCell, type GridBlock } from "@mlxterp/results";

export interface HeatLayout {
  readonly left: number;
  readonly top: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Of everything, in sight or not. */
  readonly width: number;
  readonly height: number;
  /** Whether column labels are turned. */
  readonly turned: boolean;
}

export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

const perCharacter = 6.8;
const longest = 16;

export const textOf = (cell: Cell) => (typeof cell === "string" ? cell : cell.text);

/** @param zoom 1 for readable cells, less for an overview of many */
export function heatLayout(block: GridBlock, room: number, zoom: number): HeatLayout {
  const { rows, columns, cells } = block;
  const words = cells?.some((row) => row.some((cell) => /\p{L}{3}/u.test(textOf(cell))));
  const lengthOf = (labels: readonly string[]) =>
    labels.reduce((most, label) => Math.max(most, Math.min(longest, [...label].length)), 1);
  const left = Math.ceil(lengthOf(rows) * perCharacter + 18);
  const label = lengthOf(columns) * perCharacter;
  const least = words ? 50 : Math.max(38, Math.min(56, widestOf(block) * perCharacter + 8));
  const wanted = Math.min(words ? 92 : 64, (room - left - 4) / Math.max(1, columns.length));
  const cellWidth = Math.max(1.5, Math.max(least, wanted) * zoom);
  const cellHeight = Math.max(3, 26 * Math.max(zoom, rows.length > 40 ? zoom : 0.5));
  const turned = label > cellWidth - 4;
  const top = Math.ceil(turned ? label * 0.72 + 16 : 24);
  return {
    left,
    top,
    cellWidth,
    cellHeight,
    width: left + columns.length * cellWidth + (turned ? label * 0.72 : 4),
    height: top + rows.length * cellHeight + 2,
    turned,
  };
}

/** From this many cells on, negative numbers may be cut: they are read by pointing, as the picture is an overview. */
const many = 4000;

/** In characters, of what is written in cells; where that is too many to look at, of small numbers. */
function widestOf({ cells, values }: GridBlock): number {
  const rows: readonly (readonly (Cell | number | null)[])[] = cells ?? values;
  let most = 4;
  if (rows.length * (rows[0]?.length ?? 0) > many) return most;
  for (const row of rows) {
    for (const cell of row) {
      if (cell === null) continue;
      most = Math.max(most, (typeof cell === "number" ? formatCell(cell) : textOf(cell)).length);
    }
  }
  return most;
}

/** The rows from top to bottom: layers grow upwards. */
export function rowAt(block: GridBlock, shown: number): number {
  return (block.upwards ?? true) ? block.rows.length - 1 - shown : shown;
}

/** The cell at a place of the whole picture, where there is one. */
export function cellAt(
  block: GridBlock,
  { left, top, cellWidth, cellHeight }: HeatLayout,
  x: number,
  y: number,
): CellPlace | undefined {
  const column = Math.floor((x - left) / cellWidth);
  const shown = Math.floor((y - top) / cellHeight);
  const inside = column >= 0 && column < block.columns.length && shown >= 0 && shown < block.rows.length; // biome-ignore format: one condition
  return inside ? { row: rowAt(block, shown), column } : undefined;
}
