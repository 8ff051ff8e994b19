/** The array work of patching: which elements of which rows come from elsewhere. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { factsOf, type Layout } from "./parts.js";
import type { Activations, Change } from "./runs.js";

/** A change, and the row of the pass that it is made in. */
export interface RowChange {
  readonly row: number;
  readonly change: Change;
}

/**
 * Exchanges elements of some rows.
 *
 * @param x (rows, …)
 * @param changes of this site; those of one row are made in their order
 * @param sources what each source has at this site, (runs, …)
 */
export function exchange(
  x: MxArray,
  changes: readonly RowChange[],
  sources: (source: number) => MxArray,
): MxArray {
  return waves(changes).reduce(
    (changed, wave) => exchangeOnce(changed, wave, sources(wave[0].change.source)),
    x,
  );
}

/** What stands at a site in each source. */
export function valuesAt(sources: readonly { readonly at: Activations }[], site: string) {
  return (source: number): MxArray => sources[source].at(site);
}

/** Lists of changes that can be made at once: from one source, at most one in each row. */
function waves(changes: readonly RowChange[]): RowChange[][] {
  const found: { source: number; rows: Set<number>; list: RowChange[] }[] = [];
  for (const one of changes) {
    const { source } = one.change;
    const last = found.findLast(({ rows }) => rows.has(one.row));
    const after = last ? found.indexOf(last) + 1 : 0; // later changes of a row come later
    const wave = found.slice(after).find((other) => other.source === source);
    if (wave) {
      wave.rows.add(one.row);
      wave.list.push(one);
    } else found.push({ source, rows: new Set([one.row]), list: [one] });
  }
  return found.map(({ list }) => list);
}

function exchangeOnce(x: MxArray, wave: readonly RowChange[], source: MxArray): MxArray {
  const { layout } = factsOf(wave[0].change.part);
  const start = Math.min(...wave.map(({ row }) => row));
  const end = Math.max(...wave.map(({ row }) => row)) + 1;
  const byRow = new Array<Change | undefined>(end - start).fill(undefined);
  for (const { row, change } of wave) byRow[row - start] = change;
  const before = rowRange(x, start, end);
  const values = fitted(rowsOfSource(source, byRow), layout, x).astype(x.dtype);
  const mask = maskOf(byRow, layout, x.shape);
  const own = mask ? mx.where(mask, values, before) : mx.broadcastTo(values, before.shape);
  const pieces = [own];
  if (start > 0) pieces.unshift(rowRange(x, 0, start));
  if (end < x.shape[0]) pieces.push(rowRange(x, end, x.shape[0]));
  return pieces.length === 1 ? own : mx.concatenate(pieces, 0);
}

function rowRange(x: MxArray, start: number, end: number): MxArray {
  return start === 0 && end === x.shape[0] ? x : x.index(mx.Slice(start, end));
}

/** Each row's own run of the source; a source of one run, or one number, serves all. */
function rowsOfSource(source: MxArray, byRow: readonly (Change | undefined)[]): MxArray {
  if (source.ndim === 0 || source.shape[0] === 1) return source;
  const rows = byRow.map((change) => change?.row ?? 0);
  if (rows.every((row, at) => row === rows[0] + at)) return rowRange(source, rows[0], rows[0] + rows.length); // biome-ignore format: one case
  return mx.take(source, mx.array(rows, mx.int32), 0);
}

/** Without positions that the rows do not have: means may be of longer prompts. */
function fitted(values: MxArray, layout: Layout, { shape }: MxArray): MxArray {
  const axis = layout === "unitFirst" ? 2 : 1;
  if (values.ndim <= axis || values.shape[axis] <= shape[axis]) return values;
  const head = mx.Slice(0, shape[axis]);
  return axis === 1 ? values.index(mx.Slice(), head) : values.index(mx.Slice(), mx.Slice(), head);
}

/** Which elements each row takes; undefined where all rows take all. */
function maskOf(
  byRow: readonly (Change | undefined)[],
  layout: Layout,
  shape: readonly number[],
): MxArray | undefined {
  const has = (axis: "positions" | "units") =>
    byRow.some((change) => change === undefined || change[axis] !== null);
  if (layout === "stream") {
    if (!has("positions")) return undefined;
    return mx.expandDims(matches(byRow, "positions", shape[1]), 2);
  }
  const [positionAxis, unitAxis] = layout === "unitFirst" ? [2, 1] : [1, 2];
  const masks: MxArray[] = [];
  if (has("positions")) masks.push(alongAxis(matches(byRow, "positions", shape[positionAxis]), positionAxis, shape)); // biome-ignore format: one mask
  if (has("units")) masks.push(alongAxis(matches(byRow, "units", shape[unitAxis]), unitAxis, shape)); // biome-ignore format: one mask
  return masks.length === 0 ? undefined : masks.reduce((a, b) => mx.logicalAnd(a, b));
}

/** (rows, size) → the same along another axis, with 1 for the rest */
function alongAxis(mask: MxArray, axis: number, { length }: readonly number[]): MxArray {
  const [rows, size] = mask.shape;
  return mask.reshape([rows, ...Array.from({ length: length - 1 }, (_, at) => (at + 1 === axis ? size : 1))]); // biome-ignore format: one shape
}

const [all, none] = [-1, -2];

/** (rows, size): true at each row's own indices, or everywhere for null. */
function matches(
  byRow: readonly (Change | undefined)[],
  axis: "positions" | "units",
  size: number,
): MxArray {
  const lists = byRow.map((change) => (change ? (change[axis] ?? [all]) : [none]));
  const width = Math.max(...lists.map(({ length }) => length));
  const padded = lists.flatMap((list) =>
    Array.from({ length: width }, (_, at) => list[at] ?? none),
  );
  const wanted = mx.array(padded, mx.int32).reshape([lists.length, width, 1]);
  const same = mx.equal(wanted, mx.arange(0, size, 1, mx.int32).reshape([1, 1, size]));
  return mx.any(mx.logicalOr(same, mx.equal(wanted, all)), 1);
}
