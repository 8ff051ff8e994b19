/** Choosing positions of prompts that differ in length: one type, one rule of ranges, one check of an index. */
import {
  brief,
  checkArray,
  checkInteger,
  checkList,
  checkOptions,
  checkWholeNumber,
  InvalidArgumentError,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { OutOfRangeError } from "../errors.js";

/** Positions one after the other, `to` excluded as in `Array.slice`; without `to` up to the end. */
export interface PositionRange {
  /** The first; default 0. */
  readonly from?: number;
  /** The one after the last; default the end. */
  readonly to?: number;
}

/** One position, several, or a range. From 0, or negative from each prompt's own end. */
export type Positions = number | readonly number[] | PositionRange;

/**
 * Whether positions are a range.
 *
 * @example
 * isPositionRange({ from: 0, to: 2 }); // true
 */
export function isPositionRange(positions: Positions): positions is PositionRange {
  return typeof positions === "object" && !Array.isArray(positions);
}

/**
 * A checked copy of positions, whatever prompts they will meet.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an empty list, a range without ends or one that is empty for
 * prompts of every length, and what is no integer
 * @example
 * checkPositions("positions", { from: -2 }); // { from: -2 }
 */
export function checkPositions(argument: string, positions: unknown): Positions {
  if (typeof positions === "number") return checkInteger(argument, positions);
  if (Array.isArray(positions)) {
    if (positions.length === 0) {
      throw new InvalidArgumentError(
        argument,
        positions,
        "must name at least one; the list is empty.",
      );
    }
    return positions.map((position) => checkInteger(argument, position));
  }
  return checkRange(argument, positions);
}

function checkRange(argument: string, given: unknown): PositionRange {
  const { from, to } = (given ?? {}) as PositionRange;
  if (typeof given !== "object" || (from === undefined && to === undefined)) {
    const shape = "must be a number, a list, or { from, to } with at least one end";
    throw new InvalidArgumentError(argument, given, `${shape}, not ${brief(given)}.`);
  }
  checkOptions<PositionRange>(argument, given as PositionRange, {
    from: checkInteger,
    to: checkInteger,
  });
  const sameEnd = from !== undefined && to !== undefined && from < 0 === to < 0;
  if ((sameEnd && from >= to) || to === 0) {
    const rule = `from ${from ?? 0} to ${to} is empty: \`to\` is left out, as in slice.`;
    throw new InvalidArgumentError(argument, given, rule);
  }
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

/**
 * A place counted from 0, of one that may be negative from the end: the check of every index in this project.
 *
 * @param what is counted, such as `Position`
 * @param where it is, for the message
 * @throws OutOfRangeError (`OUT_OF_RANGE`)
 * @example
 * indexFromEnd("Layer", -1, 12, "this model"); // 11
 */
export function indexFromEnd(what: string, index: number, size: number, where: string): number {
  if (typeof index !== "number") checkInteger(what, index);
  if (typeof size !== "number") checkWholeNumber("size", size);
  const found = index < 0 ? index + size : index;
  if (Number.isInteger(found) && found >= 0 && found < size) return found;
  throw new OutOfRangeError(what, index, size, where);
}

/**
 * The positions that one prompt has of those that are meant, from 0; of a range, what there is of it.
 *
 * @param length real tokens of the prompt
 * @param where for the message
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a position that is named and not there
 * @example
 * positionsOf({ from: 1, to: -1 }, 5, "the prompt"); // [1, 2, 3]
 */
export function positionsOf(positions: Positions, length: number, where: string): number[] {
  checkLength(length);
  checkPositions("positions", positions);
  if (isPositionRange(positions)) {
    const { from, to } = positions;
    return Array.from({ length }, (_, position) => position).slice(from, to);
  }
  const list = typeof positions === "number" ? [positions] : positions;
  return list.map((position) => indexFromEnd("Position", position, length, where));
}

/** Far more than any prompt has, and as many as a list holds within a second. */
const mostPositions = 2 ** 24;

function checkLength(length: number): void {
  if (checkWholeNumber("length", length) <= mostPositions) return;
  throw new InvalidArgumentError("length", length, `must be at most ${mostPositions}.`);
}

/**
 * The last real position of each row.
 *
 * @param value with a batch axis first, then others
 * @param lengths real tokens of each row, from 1 to the positions there are; all positions when undefined
 * @param axis the one that holds positions, negative from the last
 * @returns the value's axes without that one: (batch, …)
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`), OutOfRangeError (`OUT_OF_RANGE`) for a length that no row can have
 * @example
 * const { lengths } = model.tokens(prompts);
 * lastPositions(model.forward(prompts), lengths).shape; // [2, 507]
 */
export function lastPositions(
  value: MxArray,
  lengths: readonly number[] | undefined,
  axis = 1,
): MxArray {
  checkArray("value", value);
  if (lengths !== undefined) checkList("lengths", lengths);
  const place = indexFromEnd("Axis", axis, value.ndim, "the value");
  const width = value.shape[place];
  const rows = lengths && checkedRows(value, lengths, place);
  if (!rows || rows.every((length) => length === width)) {
    const last = indexFromEnd("Position", -1, width, "the value");
    return mx.take(value, mx.array(last, mx.int32), place);
  }
  const last = rows.map((length) => [length - 1]);
  return gatherPositions(value, last, place).squeeze(1);
}

/**
 * Each row's own positions.
 *
 * @param value with a batch axis first, then others
 * @param lengths real tokens of each row; all positions when undefined
 * @returns (batch, positions, …)
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a position that a row does not have; InvalidArgumentError
 * (`INVALID_ARGUMENT`) for a range of which rows have different numbers, or none
 */
export function atPositions(
  value: MxArray,
  positions: Positions,
  { lengths, axis }: { lengths: readonly number[] | undefined; axis: number },
): MxArray {
  const place = indexFromEnd("Axis", axis, value.ndim, "the value");
  const [batch] = value.shape;
  const all = lengths ?? new Array<number>(batch).fill(value.shape[place]);
  const rows = checkedRows(value, all, place);
  countOf(positions, rows);
  const absolute = rows.map((length, row) => positionsOf(positions, length, `prompt ${row}`));
  return gatherPositions(value, absolute, place);
}

/**
 * How many positions every one of some prompts has.
 *
 * @throws as `atPositions`
 */
export function countOf(positions: Positions, lengths: readonly number[]): number {
  const counts = lengths.map(
    (length, row) => positionsOf(positions, length, `prompt ${row}`).length,
  );
  const [count] = counts;
  const other = counts.findIndex((one) => one !== count);
  if (count > 0 && other < 0) return count;
  const rule =
    count === 0
      ? `the range is empty for prompt 0 of ${lengths[0]} tokens.`
      : `prompt 0 has ${count} of them and prompt ${other} ${counts[other]}, which fill no rectangle. Run prompts of one length together.`;
  throw new InvalidArgumentError("positions", positions, rule);
}

/** MLX checks no index, so what rows have is checked before anything is gathered. */
function checkedRows({ shape }: MxArray, rows: readonly number[], axis: number): readonly number[] {
  const [batch] = shape;
  const width = shape[axis];
  if (axis === 0) {
    throw new InvalidArgumentError("axis", axis, "axis 0 is the batch, so it holds no positions.");
  }
  if (rows.length !== batch || batch === 0) {
    const rule = `${rows.length} prompts do not tell the positions of ${batch} rows.`;
    throw new InvalidArgumentError("lengths", rows.length, rule);
  }
  for (const length of rows) {
    if (Number.isInteger(length) && length >= 1 && length <= width) continue;
    const rule = `a row has from 1 to ${width} positions here, not ${brief(length)}.`;
    throw new InvalidArgumentError("lengths", length, rule);
  }
  return rows;
}

/** @param positions of each row, each within it */
function gatherPositions(
  value: MxArray,
  positions: readonly (readonly number[])[],
  axis: number,
): MxArray {
  const row = mx.arange(0, positions.length, 1, mx.int32).reshape([positions.length, 1]);
  return value.moveaxis(axis, 1).index(row, mx.array(positions, mx.int32));
}
