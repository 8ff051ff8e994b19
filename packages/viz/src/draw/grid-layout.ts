/** Sizes of a grid of cells with labels, so that nothing is cut or overlaps. */
import { shorten } from "../text.js";

export interface GridContent {
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  /** The widest a cell may be. */
  readonly cellWidth: number;
  /** The narrowest that is still readable. */
  readonly leastWidth: number;
  readonly cellHeight: number;
  /** The width that it should fit into. */
  readonly page: number;
}

export interface GridLayout {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly cellWidth: number;
  /** Degrees that column labels are turned by; 0 for none. */
  readonly rotate: number;
  /** Characters that fit into a cell. */
  readonly characters: number;
  readonly columnLabels: readonly string[];
}

const right = 16;
const top = 6;
/** Of 11 px text, on the wide side. */
export const characterWidth = 6.6;
const longestLabel = 16;
/** Room for the title of an axis. */
const titleRoom = 22;

/** Fits a grid into the page; one with very many columns becomes wider than it. */
export function gridLayout({ columns, rows, page, ...content }: GridContent): GridLayout {
  const columnLabels = columns.map((label) => shorten(label, longestLabel));
  const longestRow = rows.reduce((most, label) => Math.max(most, [...label].length), 0);
  const longest = columnLabels.reduce((most, label) => Math.max(most, [...label].length), 0);
  const labelLeft = titleRoom + longestRow * characterWidth + 10;
  const fitting = Math.floor((page - labelLeft - right) / columns.length);
  const cellWidth = Math.max(content.leastWidth, Math.min(content.cellWidth, fitting));
  const labelWidth = longest * characterWidth;
  const rotate = labelWidth <= cellWidth - 2 ? 0 : cellWidth < 18 ? -90 : -45;
  const slant = Math.sin((Math.abs(rotate) * Math.PI) / 180);
  const overhang = rotate === -45 ? slant * labelWidth - cellWidth / 2 : 0; // of the first label, to the left
  const left = Math.ceil(Math.max(labelLeft, overhang + 6));
  const bottom = Math.ceil(titleRoom + 16 + slant * labelWidth);
  return {
    width: left + columns.length * cellWidth + right,
    height: top + rows.length * content.cellHeight + bottom,
    left,
    right,
    top,
    bottom,
    cellWidth,
    rotate,
    characters: Math.max(1, Math.floor((cellWidth - 5) / 6)),
    columnLabels,
  };
}
