/** From positions as users give them to columns of one pass. */
import {
  isPositionRange,
  OutOfRangeError,
  type PositionRange,
  type Positions,
} from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";

/** One prompt in a pass. */
export interface PromptRow {
  readonly index: number;
  /** Its number of tokens. */
  readonly length: number;
  /** The number of tokens of the longest prompt. */
  readonly width: number;
  /** Columns of padding to its left. */
  readonly pad: number;
}

/** The columns that a pass computes. */
export interface Window {
  readonly site: string;
  /** The column of the first one. */
  readonly start: number;
  readonly size: number;
  /** The generation step; undefined in a plain pass. */
  readonly step: number | undefined;
}

/**
 * Marks the columns of a pass that hold the positions of one prompt.
 *
 * @returns `window.size` flags
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a position the prompt does not have; while generating, only for one that
 *   lies before its first token, since later ones are still to come
 */
export function columnsOf(positions: Positions, row: PromptRow, window: Window): boolean[] {
  const flags = new Array<boolean>(window.size).fill(false);
  if (isPositionRange(positions)) {
    markRange(flags, positions, row, window);
    return flags;
  }
  const list = typeof positions === "number" ? [positions] : positions;
  for (const position of list) {
    const column = absolute(position, row, window) + row.pad - window.start;
    const inside = column >= 0 && column < window.size;
    if (inside && !beyond(column, row, window)) flags[column] = true;
    else if (window.step === undefined) throw outside(position, row, window);
  }
  return flags;
}

function markRange(
  flags: boolean[],
  { from, to }: PositionRange,
  row: PromptRow,
  window: Window,
): void {
  const first = boundary(from ?? 0, row);
  const past = to === undefined ? Number.POSITIVE_INFINITY : boundary(to, row);
  const reached = window.step !== undefined || first < row.length; // later tokens may be still to come
  if (first >= past || !reached) {
    const range = `from ${from ?? 0}${to === undefined ? "" : ` to ${to}`}`;
    const rule = `${range} is empty for prompt ${row.index} of ${row.length} tokens at "${window.site}".`;
    throw new InvalidArgumentError("positions", { from, to }, rule);
  }
  for (let column = 0; column < flags.length; column++) {
    const position = column + window.start - row.pad;
    flags[column] = position >= first && position < past && !beyond(column, row, window);
  }
}

/** The end of a range counted from the prompt's first token, as in `slice`: what lies before it is its beginning. */
function boundary(end: number, { length }: PromptRow): number {
  return end < 0 ? Math.max(end + length, 0) : end;
}

/** A position counted from the prompt's first token; checked against its length unless tokens may still come. */
function absolute(position: number, row: PromptRow, window: Window): number {
  const value = position < 0 ? position + row.length : position;
  const tooLate = window.step === undefined && value >= row.length;
  if (value < 0 || tooLate) throw outside(position, row, window);
  return value;
}

/** Whether a column holds padding to the right of the prompt. After the prompt's own pass there is none. */
function beyond(column: number, row: PromptRow, window: Window): boolean {
  if (window.step !== undefined && window.step > 0) return false;
  return column + window.start - row.pad >= row.length;
}

function outside(position: number, row: PromptRow, { site }: Window): OutOfRangeError {
  return new OutOfRangeError("Position", position, row.length, `prompt ${row.index} at "${site}"`);
}
