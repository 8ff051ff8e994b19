/** Activations on the host: rows of numbers in double precision, and products with them. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";

/** Rows one after the other. */
export interface Rows {
  readonly count: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** @param array (rows, width) */
export function rowsOf(array: MxArray): Rows {
  const [count, width] = array.shape;
  return { count, width, values: new Float64Array(toFlat(array.astype(mx.float32))) };
}

export function row({ width, values }: Rows, index: number): Float64Array {
  return values.subarray(index * width, (index + 1) * width);
}

/** Some of the rows, copied. */
export function pickRows(rows: Rows, indices: readonly number[]): Rows {
  const values = new Float64Array(indices.length * rows.width);
  for (const [at, index] of indices.entries()) values.set(row(rows, index), at * rows.width);
  return { count: indices.length, width: rows.width, values };
}

/** Some of the columns, copied. */
export function pickColumns(rows: Rows, columns: readonly number[]): Rows {
  const values = new Float64Array(rows.count * columns.length);
  for (let at = 0; at < rows.count; at++) {
    const own = row(rows, at);
    for (const [place, column] of columns.entries())
      values[at * columns.length + place] = own[column];
  }
  return { count: rows.count, width: columns.length, values };
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index] * b[index];
  return sum;
}

/** Each row's product with a vector. */
export function times(rows: Rows, vector: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: rows.count }, (_, index) => dot(row(rows, index), vector));
}

/** The sum of rows, each times its own weight. */
export function weighted(rows: Rows, weights: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(rows.width);
  for (let index = 0; index < rows.count; index++) {
    const [own, weight] = [row(rows, index), weights[index]];
    if (weight !== 0) for (let at = 0; at < sum.length; at++) sum[at] += weight * own[at];
  }
  return sum;
}

/** The mean of the rows that are chosen, or of all. */
export function meanRow(rows: Rows, chosen?: (index: number) => boolean): Float64Array {
  const weights = Float64Array.from({ length: rows.count }, (_, at) =>
    chosen?.(at) === false ? 0 : 1,
  );
  const count = weights.reduce((sum, one) => sum + one, 0);
  return weighted(rows, weights).map((value) => value / count);
}

/** The vector at length 1; zeros stay zeros. */
export function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector.slice() : vector.map((value) => value / length);
}

/** (width, width): the mean of products of the rows' distances from their mean, as columns for the host's decompositions. */
export function covariance(rows: Rows, mean: Float64Array): Float64Array {
  const { width } = rows;
  const sums = new Float64Array(width * width);
  const centred = new Float64Array(width);
  for (let index = 0; index < rows.count; index++) {
    const own = row(rows, index);
    for (let at = 0; at < width; at++) centred[at] = own[at] - mean[at];
    for (let at = 0; at < width; at++) {
      const left = centred[at];
      for (let other = at; other < width; other++)
        sums[at * width + other] += left * centred[other];
    }
  }
  for (let at = 0; at < width; at++) {
    for (let other = at; other < width; other++) {
      sums[at * width + other] /= rows.count;
      sums[other * width + at] = sums[at * width + other];
    }
  }
  return sums;
}
