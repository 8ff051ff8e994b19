/** A representation that is compared with many: what that needs of it alone is made once. */

import {
  fromFlat,
  hostMatrices,
  InvalidArgumentError,
  type MxArray,
  mx,
  toFlat,
} from "@mlxterp/mlx";
import { meanRow, type Rows, rowsOf } from "../directions/matrix.js";
import { once } from "../shared/once.js";
import { type Columns, squares, whitening } from "./spectra.js";

/** Rows of numbers, each column around its mean, on the host and, for large products, as an array. */
export interface Centred {
  readonly columns: Columns;
  readonly array: () => MxArray; // (rows, width), float32
}

/** Each of these is made when it is first asked for. */
export interface Representation {
  readonly centred: Centred;
  /** Where there are fewer rows than columns, in coordinates of what the rows span, which rotations cannot tell apart. */
  readonly spanned: () => Centred;
  /** Products of all pairs of its rows. */
  readonly ofRows: () => Columns;
  /** What its products have in common with themselves. */
  readonly own: () => number;
  /** The left singular vectors that hold a share of the variance: (rows, kept). */
  readonly leading: (variance: number) => Centred;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for rows that are not finite, or all the same */
export function representation(name: string, rows: MxArray): Representation {
  const centred = held(centredColumns(name, rowsOf(rows)));
  const spanned = once(() => spannedBy(centred));
  const ofRows = once(() => {
    const turned = turnedOf(centred);
    return productOf(turned, turned);
  });
  const leading = onceEach((variance) => leadingOf(spanned(), variance));
  const one = { centred, spanned, ofRows, leading };
  return { ...one, own: once(() => common(one, one)) };
}

/** The same rows in another order: what does not depend on it is not made again. */
export function inOrder(one: Representation, order: readonly number[]): Representation {
  const moved = (own: Centred) => held(ordered(own.columns, order));
  const ofRows = once((): Columns => {
    const { rows, count, values } = one.ofRows();
    const own = Float64Array.from(values, (_, at) => values[order[Math.floor(at / rows)] * rows + order[at % rows]]); // biome-ignore format: one line
    return { rows, count, values: own };
  });
  return {
    centred: moved(one.centred),
    spanned: once(() => moved(one.spanned())),
    ofRows,
    own: one.own,
    leading: onceEach((variance) => moved(one.leading(variance))),
  };
}

/** The squared size of XᵀY, which is also what products of all pairs of rows have in common: whichever is smaller is made. */
export function common(
  x: Pick<Representation, "centred" | "ofRows">,
  y: Pick<Representation, "centred" | "ofRows">,
): number {
  const [a, b] = [x.centred.columns, y.centred.columns];
  if (a.count * b.count <= a.rows ** 2) return squares(productOf(x.centred, y.centred));
  const other = y.ofRows().values;
  return x.ofRows().values.reduce((sum, value, at) => sum + value * other[at], 0);
}

/** Products of more terms are made by MLX, in single precision. */
const manyTerms = 2e7;

/** XᵀY of columns. */
export function productOf(x: Centred, y: Centred): Columns {
  return heldProduct(x, y).columns;
}

function heldProduct(x: Centred, y: Centred): Centred {
  const [a, b] = [x.columns, y.columns];
  if (a.rows * a.count * b.count < manyTerms) return held(hostMatrices.transposedProduct(a, b));
  const made = mx.matmul(y.array().T, x.array()); // (y, x), row by row: columns of (x, y)
  const columns = { rows: a.count, count: b.count, values: new Float64Array(toFlat(made)) };
  return { columns, array: () => made.T };
}

function held(columns: Columns): Centred {
  const { values, count, rows } = columns;
  return { columns, array: once(() => fromFlat(values, [count, rows]).T) };
}

/** Rows as columns; what is an array already is not copied again. */
function turnedOf(one: Centred): Centred {
  return { columns: hostMatrices.transposed(one.columns), array: () => one.array().T };
}

function ordered({ rows, count, values }: Columns, order: readonly number[]): Columns {
  const own = Float64Array.from(values, (_, at) => values[at - (at % rows) + order[at % rows]]);
  return { rows, count, values: own };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
function centredColumns(name: string, rows: Rows): Columns {
  const mean = meanRow(rows);
  const { count, width, values } = rows;
  const centred = Float64Array.from(values);
  for (let start = 0; start < centred.length; start += width) {
    for (let at = 0; at < width; at++) centred[start + at] -= mean[at];
  }
  const turned = { rows: width, count, values: centred };
  const size = squares(turned);
  if (!(size > 0) || !Number.isFinite(size)) {
    throw new InvalidArgumentError(name, size, "needs rows that are finite and not all the same.");
  }
  return hostMatrices.transposed(turned); // (rows, width)
}

function spannedBy(centred: Centred): Centred {
  const { rows: count, count: width } = centred.columns;
  if (width <= count) return centred;
  const turned = turnedOf(centred);
  const { values, vectors } = hostMatrices.symmetricEigenvalues(productOf(turned, turned));
  const scaled = vectors.values.map((value, at) => value * Math.sqrt(Math.max(0, values[Math.floor(at / count)]))); // biome-ignore format: one line
  return held({ rows: count, count, values: scaled });
}

function leadingOf(matrix: Centred, variance: number): Centred {
  const white = whitening(productOf(matrix, matrix), variance);
  return heldProduct(turnedOf(matrix), held(white));
}

function onceEach<T>(make: (of: number) => T): (of: number) => T {
  const made = new Map<number, T>();
  return (of) => {
    const found = made.get(of) ?? make(of);
    made.set(of, found);
    return found;
  };
}
