/** Pads at the left of a batch's rows: the rules for them, where real tokens stand, and what hides the pads. */
import { type Dtype, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { maskedScore } from "./pass.js";

/** What a cache knows of the rows it continues. */
interface Continued {
  readonly length: number;
  readonly batch: number | undefined;
  readonly padding?: readonly number[];
}

/**
 * The pads of each row of a pass, as given or as the cache remembers them; undefined where there are none.
 *
 * @param shape of the ids, [batch, position]
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when there is not one count for each row, a count leaves no real
 * token or is no whole number from 0, or the cache has other rows or padding already
 */
export function resolvePadding(
  [batch, length]: readonly number[],
  { padding, cache }: { padding?: readonly number[]; cache?: Continued },
): readonly number[] | undefined {
  if (cache?.length && cache.batch !== batch) {
    const rule = `the cache holds ${cache.batch} rows, but the pass has ${batch}. Give every pass the same rows.`;
    throw new InvalidArgumentError("cache", cache.batch, rule);
  }
  if (!padding) return cache?.padding;
  const known = cache?.padding !== undefined;
  const rule = brokenRule(padding, { batch, length, seen: cache?.length ?? 0, known });
  if (rule) throw new InvalidArgumentError("padding", padding, rule);
  return padding.some((count) => count > 0) ? [...padding] : undefined;
}

function brokenRule(
  padding: readonly number[],
  { batch, length, seen, known }: { batch: number; length: number; seen: number; known: boolean },
): string | undefined {
  if (known && seen > 0) {
    return `the cache already holds ${seen} positions and remembers their padding. Give it with the first pass only.`;
  }
  if (padding.length !== batch) {
    return `${padding.length} counts for ${batch} rows. Give one for each row, 0 for none.`;
  }
  const wrong = padding.find((count) => !Number.isInteger(count) || count < 0 || count >= length);
  if (wrong === undefined) return undefined;
  return `${wrong} is not a whole number from 0 to ${length - 1}, which leaves a real token in ${length} positions.`;
}

/** (batch, position) int32: real tokens count from 0, pads stand at 0. */
export function paddedPositions(
  padding: readonly number[],
  offset: number,
  length: number,
): MxArray {
  const index = mx.arange(offset, offset + length, 1, mx.int32).reshape([1, length]);
  return mx.maximum(mx.subtract(index, column(padding)), mx.array(0, mx.int32));
}

/** (batch, position, 1): 1 at real tokens, 0 at pads, of a pass that begins with the pads. */
export function realTokens(padding: readonly number[], length: number, dtype: Dtype): MxArray {
  const index = mx.arange(0, length, 1, mx.int32).reshape([1, length]);
  return mx.expandDims(mx.greaterEqual(index, column(padding)).astype(dtype), 2);
}

/**
 * Joins what came before a pass with what it adds, each row's pads first.
 *
 * @param before (batch, kvHeads, position, headDim), without pads
 * @param added the same of later positions, which begin with the pads
 */
export function behindPads(before: MxArray, added: MxArray, padding: readonly number[]): MxArray {
  const all = mx.Slice();
  const rows = padding.map((pads, index) => {
    const row = mx.Slice(index, index + 1);
    const held = before.index(row);
    if (pads === 0) return mx.concatenate([held, added.index(row)], 2);
    const [filler, real] = [mx.Slice(0, pads), mx.Slice(pads, null)];
    return mx.concatenate([added.index(row, all, filler), held, added.index(row, all, real)], 2);
  });
  return mx.concatenate(rows, 0);
}

/**
 * What hides pads from every query.
 *
 * @param first the index of the first key
 * @returns (batch, 1, 1, key), to be added to scores; null where none of the keys is a pad
 */
export function paddingMask(
  padding: readonly number[],
  { first, keys, dtype }: { first: number; keys: number; dtype: Dtype },
): MxArray | null {
  if (padding.every((count) => count <= first)) return null;
  const index = mx.arange(first, first + keys, 1, mx.int32).reshape([1, keys]);
  const hidden = mx.multiply(mx.less(index, column(padding)), maskedScore(dtype));
  return hidden.astype(dtype).reshape([padding.length, 1, 1, keys]);
}

/**
 * Hides the end of every row that is shorter than the rectangle.
 *
 * @returns (batch, 1, 1, key), to be added to scores; null where none is
 */
export function endMask(lengths: readonly number[], width: number, dtype: Dtype): MxArray | null {
  if (!lengths.some((length) => length < width)) return null;
  const ends = column(lengths).reshape([-1, 1, 1, 1]);
  const hidden = mx.greaterEqual(mx.arange(0, width, 1, mx.int32), ends);
  return mx.multiply(hidden, maskedScore(dtype)).astype(dtype);
}

/** (batch, 1) */
function column(padding: readonly number[]): MxArray {
  return mx.array([...padding], mx.int32).reshape([-1, 1]);
}
