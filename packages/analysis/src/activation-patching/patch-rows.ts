/** The array work of patching: which elements of which rows come from the other run. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { Patch } from "./plan.js";

/**
 * Which elements each patched run takes from the source.
 *
 * @param width positions
 * @param heads of the site; undefined where it has no such axis
 * @returns (rows, position or 1, 1) or (rows, position or 1, heads, 1), boolean
 */
function patchMask(patches: readonly Patch[], width: number, heads: number | undefined): MxArray {
  const positions = matches(
    patches.map(({ position }) => position),
    width,
  );
  if (heads === undefined) return mx.expandDims(positions, 2);
  const chosen = matches(
    patches.map(({ head }) => head),
    heads,
  );
  const both = mx.logicalAnd(mx.expandDims(positions, 2), mx.expandDims(chosen, 1));
  return mx.expandDims(both, 3);
}

/** (rows, size): true at each row's index, or everywhere for null. */
function matches(indices: readonly (number | null)[], size: number): MxArray {
  const rows = mx
    .array(
      indices.map((index) => index ?? -1),
      mx.int32,
    )
    .reshape([-1, 1]);
  const same = mx.equal(rows, mx.arange(0, size, 1, mx.int32).reshape([1, -1]));
  return mx.logicalOr(same, mx.less(rows, 0));
}

/**
 * Exchanges the patched elements of some rows.
 *
 * @param x (rows, position, …)
 * @param source (1, position, …), what the patches take
 * @param start the first row that these patches own; each owns one
 */
export function patchRows(
  x: MxArray,
  source: MxArray,
  patches: readonly Patch[],
  start: number,
): MxArray {
  const [rows, width] = x.shape;
  const end = start + patches.length;
  const mask = patchMask(patches, width, x.ndim === 4 ? x.shape[2] : undefined);
  const own = mx.where(mask, source, rowRange(x, start, end));
  const parts = [own];
  if (start > 0) parts.unshift(rowRange(x, 0, start));
  if (end < rows) parts.push(rowRange(x, end, rows));
  return parts.length === 1 ? own : mx.concatenate(parts, 0);
}

function rowRange(x: MxArray, start: number, end: number): MxArray {
  return start === 0 && end === x.shape[0] ? x : x.index(mx.Slice(start, end));
}

/** One row as often as asked: (1, …) → (rows, …) */
export function repeatRow(row: MxArray, rows: number): MxArray {
  return mx.broadcastTo(row, [rows, ...row.shape.slice(1)]);
}
