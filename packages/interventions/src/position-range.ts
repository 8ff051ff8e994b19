/** From positions as users give them to columns of one pass. */
import { OutOfRangeError } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { brief } from "./errors.js";
import type { PositionRange, Positions } from "./json.js";
import { requireInteger, requireIntegers } from "./validate.js";

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
 * A checked copy of positions.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an empty list, a range without ends or backwards, fractions
 */
export function requirePositions(positions: Positions): Positions {
  if (typeof positions !== "object" || Array.isArray(positions)) {
    const list = requireIntegers("positions", positions as number | readonly number[]);
    return typeof positions === "number" ? positions : list;
  }
  const { from, to } = (positions ?? {}) as PositionRange;
  if (from === undefined && to === undefined) {
    const rule = `must be a number, a list, or { from, to } with at least one end, not ${brief(positions)}.`;
    throw new InvalidArgumentError("positions", positions, rule);
  }
  if (from !== undefined) requireInteger("positions", from);
  if (to !== undefined) requireInteger("positions", to);
  if (from !== undefined && to !== undefined && from < 0 === to < 0 && from > to) {
    throw new InvalidArgumentError("positions", positions, `run backwards, from ${from} to ${to}.`);
  }
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
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
  if (typeof positions === "object" && !Array.isArray(positions)) {
    markRange(flags, positions as PositionRange, row, window);
    return flags;
  }
  const list = typeof positions === "number" ? [positions] : (positions as readonly number[]);
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
  const first = from === undefined ? 0 : absolute(from, row, window);
  const last = to === undefined ? Number.POSITIVE_INFINITY : absolute(to, row, window);
  if (first > last) {
    const rule = `from ${from} to ${to} is empty for prompt ${row.index} of ${row.length} tokens at "${window.site}".`;
    throw new InvalidArgumentError("positions", { from, to }, rule);
  }
  for (let column = 0; column < flags.length; column++) {
    const position = column + window.start - row.pad;
    flags[column] = position >= first && position <= last && !beyond(column, row, window);
  }
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
