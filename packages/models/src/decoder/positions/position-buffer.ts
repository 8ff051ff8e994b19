/** Keys or values along their positions, in a buffer with room for more. */
import { type MxArray, mx, sliceForProduct } from "@mlxterp/mlx";
import { behindPads } from "./padding.js";

/** How far a buffer grows at a time: copying all of it then costs little per position. */
const blockLength = 256;
const all = mx.Slice();

/** Never changed: appending makes another, so that copies of a cache may share it. */
export interface PositionBuffer {
  readonly array: MxArray; // (batch, kvHeads, room, headDim)
  /** The first position in use. */
  readonly start: number;
  /** One more than the last. */
  readonly end: number;
}

/**
 * Adds positions behind those in use. MLX writes them in place where nothing else holds the buffer, and copies it
 * otherwise.
 *
 * @param added (batch, kvHeads, position, headDim)
 * @param keep how many of the newest positions stay. Default: all
 * @returns `all` that were in use with those added, and the buffer without those that need not stay
 */
export function appendPositions(
  before: PositionBuffer | undefined,
  added: MxArray,
  keep = Number.POSITIVE_INFINITY,
): { all: MxArray; after: PositionBuffer } {
  const end = (before?.end ?? 0) + added.shape[2];
  if (!before || end > before.array.shape[2]) return regrow(before, added, keep);
  const array = before.array.index(all); // a handle of its own, since indexPut_ changes the one it is called on
  array.indexPut_([all, all, mx.Slice(before.end, end)], added);
  const start = Math.max(before.start, end - keep);
  return { all: positions(array, before.start, end), after: { array, start, end } };
}

/**
 * Adds positions of which the first few of each row are pads, and moves those before the positions in use.
 *
 * @param pads how many there are in each row
 */
export function appendBehindPads(
  before: PositionBuffer,
  added: MxArray,
  pads: readonly number[],
  keep = Number.POSITIVE_INFINITY,
): ReturnType<typeof appendPositions> {
  const held = positions(before.array, before.start, before.end);
  return regrow(undefined, behindPads(held, added, pads), keep);
}

/** @param buffer of one row */
export function repeatRows({ array, ...range }: PositionBuffer, rows: number): PositionBuffer {
  return { array: mx.repeat(array, rows, 0), ...range };
}

/** The first positions in use, in these rows. */
export function beginningOf(
  { array, start }: PositionBuffer,
  length: number,
  rows: readonly number[],
): PositionBuffer {
  const held = positions(array, start, start + length);
  const shape = [rows.length, ...held.shape.slice(1)];
  const own =
    held.shape[0] === 1
      ? mx.broadcastTo(held, shape)
      : mx.take(held, mx.array([...rows], mx.int32), 0);
  return { array: own, start: 0, end: length };
}

/** Positions behind those of a beginning, without room for more. */
export function behindBeginning({ array }: PositionBuffer, added: MxArray): MxArray {
  return mx.concatenate([array, added], 2);
}

/** Moves what stays to the front of a new buffer. */
function regrow(
  before: PositionBuffer | undefined,
  added: MxArray,
  keep: number,
): ReturnType<typeof appendPositions> {
  const parts = before ? [positions(before.array, before.start, before.end), added] : [added];
  const count = parts.reduce((sum, part) => sum + part.shape[2], 0);
  if (count <= keep) {
    const array = withRoom(parts, count);
    return { all: positions(array, 0, count), after: { array, start: 0, end: count } };
  }
  const whole = parts.length === 1 ? added : mx.concatenate(parts, 2);
  const array = withRoom([positions(whole, count - keep, count)], keep);
  return { all: whole, after: { array, start: 0, end: keep } };
}

function withRoom(parts: readonly MxArray[], count: number): MxArray {
  const [batch, heads, , width] = parts[0].shape;
  const room = blockLength - (count % blockLength);
  return mx.concatenate([...parts, mx.zeros([batch, heads, room, width], parts[0].dtype)], 2);
}

/** Without a copy, as keys and values only enter products. */
function positions(array: MxArray, start: number, end: number): MxArray {
  return sliceForProduct(array, all, all, mx.Slice(start, end));
}
