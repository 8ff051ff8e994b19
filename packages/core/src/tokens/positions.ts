/** Choosing positions of prompts that differ in length. */
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { OutOfRangeError } from "../errors.js";

/**
 * The last real position of each row.
 *
 * @param value with a batch axis first, then others
 * @param lengths real tokens of each row; all positions when undefined
 * @param axis the one that holds positions
 * @returns the value's axes without that one: (batch, …)
 * @example
 * const { lengths } = model.tokens(prompts);
 * lastPositions(model.forward(prompts), lengths).shape; // [2, 507]
 */
export function lastPositions(
  value: MxArray,
  lengths: readonly number[] | undefined,
  axis = 1,
): MxArray {
  const width = value.shape[axis];
  if (!lengths || lengths.every((length) => length === width)) {
    return mx.take(value, mx.array(width - 1, mx.int32), axis);
  }
  const last = lengths.map((length) => [length - 1]);
  return gatherPositions(value, last, axis).squeeze(1);
}

/**
 * Each row's own positions.
 *
 * @param value with a batch axis first, then others
 * @param positions for each row, from 0 or negative from the row's own end
 * @param lengths real tokens of each row; all positions when undefined
 * @returns (batch, positions, …)
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a position that a row does not have
 */
export function atPositions(
  value: MxArray,
  positions: readonly number[],
  { lengths, axis }: { lengths: readonly number[] | undefined; axis: number },
): MxArray {
  const rows = lengths ?? new Array<number>(value.shape[0]).fill(value.shape[axis]);
  const absolute = rows.map((length) => positions.map((position) => within(position, length)));
  return gatherPositions(value, absolute, axis);
}

function gatherPositions(
  value: MxArray,
  positions: readonly (readonly number[])[],
  axis: number,
): MxArray {
  const batch = value.shape[0];
  if (positions.length !== batch) {
    throw new InvalidArgumentError(
      "lengths",
      positions.length,
      `${positions.length} prompts do not tell the positions of ${batch} rows.`,
    );
  }
  const row = mx.arange(0, batch, 1, mx.int32).reshape([batch, 1]);
  return value.moveaxis(axis, 1).index(row, mx.array(positions, mx.int32));
}

function within(position: number, length: number): number {
  const found = position < 0 ? position + length : position;
  if (!Number.isInteger(found) || found < 0 || found >= length) {
    throw new OutOfRangeError("Position", position, length, "a prompt");
  }
  return found;
}
