/** From the activations of one pass to one row for each chosen token, padding left out. */
import { type ActivationCache, indexFromEnd, type Positions, positionsOf } from "@mlxterp/core";
import { isFloating, type MxArray, mx } from "@mlxterp/mlx";
import { RowShapeError } from "../errors.js";
import type { ActivationDtype } from "./options.js";

/** Where rows come from; one number each. */
export interface RowOrigins {
  /** The number of the sequence in the dataset. */
  readonly sequence: Int32Array;
  /** The position in the sequence. */
  readonly position: Int32Array;
  /** The token id that was fed there. */
  readonly token: Int32Array;
}

/** The chosen tokens of a batch. */
export interface ChosenRows {
  readonly origins: RowOrigins;
  /** Of each row: its sequence in the batch. */
  readonly inBatch: Int32Array;
  /** Whether they are all positions of all sequences, in order. */
  readonly whole: boolean;
}

/** @param first the number of the batch's first sequence in the dataset */
export function chooseRows(
  ids: readonly (readonly number[])[],
  choice: Positions | undefined,
  first: number,
): ChosenRows {
  const chosen = ids.map(({ length }, row) => {
    const where = `sequence ${first + row} of the dataset`;
    return positionsOf(choice ?? { from: 0 }, length, where);
  });
  const flat = (of: (row: number, position: number) => number) =>
    Int32Array.from(chosen.flatMap((positions, row) => positions.map((at) => of(row, at))));
  const even = ids.every(({ length }) => length === ids[0].length);
  const origins = {
    sequence: flat((row) => first + row),
    position: flat((_, position) => position),
    token: flat((row, position) => ids[row][position]),
  };
  return { origins, inBatch: flat((row) => row), whole: even && choice === undefined };
}

/** Lazy: a site's rows, (rows, …). */
export function takeRows(cache: ActivationCache, site: string, chosen: ChosenRows): MxArray {
  const axis = cache.positionAxis(site);
  const value = axis === 1 ? cache.get(site) : cache.get(site).moveaxis(axis, 1); // (batch, position, …)
  checkAxes(site, value, cache);
  const [batch, width, ...rest] = value.shape;
  if (chosen.whole) return value.reshape([batch * width, ...rest]);
  const row = mx.array(Array.from(chosen.inBatch), mx.int32);
  return value.index(row, mx.array(Array.from(chosen.origins.position), mx.int32));
}

/** MLX checks no index, so a value without a row for every sequence and position must not get that far. */
function checkAxes(site: string, value: MxArray, { tokens }: ActivationCache): void {
  const expected = tokens?.array.shape ?? [];
  if (expected.every((size, axis) => value.shape[axis] === size)) return;
  const rule = "each sequence and position must have a value of its own.";
  throw new RowShapeError(site, [...expected, ...value.shape.slice(2)], value.shape, rule);
}

/** Lazy: the rows as they are kept. */
export function keptAs(rows: MxArray, dtype: ActivationDtype): MxArray {
  const target = isFloating(rows.dtype) ? mx[dtype] : mx.int32;
  return rows.dtype === target ? rows : rows.astype(target);
}

/** A row counted from the front. @throws OutOfRangeError (`OUT_OF_RANGE`) for what is no row of a store */
export function rowFromFront(row: number, rows: number): number {
  return indexFromEnd("Row", row, rows, "the store");
}
