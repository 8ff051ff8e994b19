/** Small matrices on the host, as columns in double precision. */

/** Columns one after the other, each of `rows` numbers. */
export interface Columns {
  readonly rows: number;
  readonly count: number;
  readonly values: Float64Array;
}

/** Below this part of a length nothing is left but rounding: what is taken apart, and given back, is float32. */
export const precision = 2 ** -40;

export function column({ rows, values }: Columns, index: number): Float64Array {
  return values.subarray(index * rows, (index + 1) * rows);
}

/** The product of two columns of one matrix. */
export function dot(matrix: Columns, first: number, second: number): number {
  return inner(column(matrix, first), column(matrix, second));
}

/** @returns `left ᵀ · right`, (columns of left, columns of right) */
export function transposedProduct(left: Columns, right: Columns): Columns {
  const values = new Float64Array(left.count * right.count);
  const same = left === right; // then one half is the other
  for (let j = 0; j < right.count; j++) {
    const own = column(right, j);
    for (let i = same ? j : 0; i < left.count; i++) {
      const found = inner(column(left, i), own);
      values[j * left.count + i] = found;
      if (same) values[i * left.count + j] = found;
    }
  }
  return { rows: left.count, count: right.count, values };
}

/** @returns `left · right`, (rows of left, columns of right) */
export function product(left: Columns, right: Columns): Columns {
  const result = {
    rows: left.rows,
    count: right.count,
    values: new Float64Array(left.rows * right.count),
  };
  for (let j = 0; j < right.count; j++) {
    for (let i = 0; i < left.count; i++) {
      add(column(result, j), column(left, i), right.values[j * right.rows + i]);
    }
  }
  return result;
}

/** Columns that are turned together: as many lines of the cache as it holds. */
const side = 32;

export function transposed({ rows, count, values }: Columns): Columns {
  const turned = new Float64Array(values.length);
  for (let from = 0; from < count; from += side) {
    const end = Math.min(from + side, count);
    for (let row = 0; row < rows; row++) {
      for (let at = from; at < end; at++) turned[row * count + at] = values[at * rows + row];
    }
  }
  return { rows: count, count: rows, values: turned };
}

/** Adds a multiple of a column to another. */
function add(to: Float64Array, from: Float64Array, factor: number): void {
  for (let row = 0; row < to.length; row++) to[row] += factor * from[row];
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < a.length; row++) sum += a[row] * b[row];
  return sum;
}

/**
 * Orthonormal columns in the place of a matrix's own, spanning all that those span. Gram and Schmidt's procedure with
 * every column freed twice from the ones before it; one of which only rounding is left then becomes any that is at
 * right angles to those before.
 * Source: Giraud et al. 2005, "Rounding error analysis of the classical Gram–Schmidt orthogonalization process".
 *
 * @param matrix with at least as many rows as columns; it is overwritten
 */
export function orthonormalize(matrix: Columns): void {
  let axis = 0;
  for (let index = 0; index < matrix.count; index++) {
    const own = column(matrix, index);
    const before = Math.sqrt(inner(own, own));
    let left = freed(matrix, index);
    const enough = 0.5 / Math.sqrt(matrix.rows); // some axis always has more
    if (left <= precision * before) {
      for (left = 0; left < enough; axis++) {
        own.fill(0)[axis] = 1;
        left = freed(matrix, index);
      }
    }
    for (let row = 0; row < own.length; row++) own[row] /= left;
    const again = freed(matrix, index);
    for (let row = 0; row < own.length; row++) own[row] /= again;
  }
}

/** Takes from a column what it has of those before it; returns the length that is left. */
function freed(matrix: Columns, index: number): number {
  const own = column(matrix, index);
  for (let other = 0; other < index; other++) {
    add(own, column(matrix, other), -dot(matrix, other, index));
  }
  return Math.sqrt(inner(own, own));
}
