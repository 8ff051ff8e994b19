/**
 * The singular value decomposition of a small matrix. LAPACK's, which MLX calls, ends the process where its iteration
 * does not converge, as it may for matrices of less than full rank; this one cannot.
 *
 * One-sided Jacobi: columns are turned by pairs until all are at right angles; what they are long then are the singular
 * values. Source: Hestenes 1958, "Inversion of matrices by biorthogonalization and related results"; the order of work
 * and the test of convergence follow Demmel and Veselić 1992, "Jacobi's method is more accurate than QR".
 */

import { type Columns, column, dot, orthonormalize, precision } from "./columns.js";

/** The decomposition `U · diag(S) · Vᵀ`, largest value first. */
export interface JacobiValues {
  readonly U: Columns; // as many columns as the matrix, each of its rows
  readonly S: Float64Array;
  readonly V: Columns; // (columns of the matrix) squared
}

/** Far more than were ever needed: each turn of a pair makes the sum of squares off the diagonal smaller. */
const mostSweeps = 60;

/** @param matrix with at least as many rows as columns, of finite numbers; it is overwritten */
export function singularValues(matrix: Columns): JacobiValues {
  const { count } = matrix;
  const V: Columns = { rows: count, count, values: new Float64Array(count * count) };
  for (let index = 0; index < count; index++) V.values[index * (count + 1)] = 1;
  const squares = Float64Array.from({ length: count }, (_, index) => dot(matrix, index, index));
  const least = squares.reduce((sum, one) => sum + one, 0) * precision ** 2;
  for (let sweep = 0; sweep < mostSweeps && sweepOnce(matrix, V, squares, least); sweep++);
  return inOrder(matrix, V);
}

/** @returns whether anything had to be turned */
function sweepOnce(W: Columns, V: Columns, squares: Float64Array, least: number): boolean {
  let turned = false;
  for (let first = 0; first < W.count - 1; first++) {
    for (let second = first + 1; second < W.count; second++) {
      const [a, b] = [squares[first], squares[second]];
      if (a <= least && b <= least) continue; // nothing but rounding
      const angle = dot(W, first, second);
      if (Math.abs(angle) <= precision * Math.sqrt(a * b) || angle === 0) continue;
      turned = true;
      const zeta = (b - a) / (2 * angle);
      const tangent = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
      const cosine = 1 / Math.hypot(1, tangent);
      turn(W, first, second, cosine, cosine * tangent);
      turn(V, first, second, cosine, cosine * tangent);
      squares[first] = dot(W, first, first);
      squares[second] = dot(W, second, second);
    }
  }
  return turned;
}

function turn(
  { rows, values }: Columns,
  first: number,
  second: number,
  cosine: number,
  sine: number,
): void {
  const [a, b] = [first * rows, second * rows];
  for (let row = 0; row < rows; row++) {
    const [x, y] = [values[a + row], values[b + row]];
    values[a + row] = cosine * x - sine * y;
    values[b + row] = sine * x + cosine * y;
  }
}

/** Largest first, with the columns of `U` made one long. */
function inOrder(W: Columns, V: Columns): JacobiValues {
  const lengths = Array.from({ length: W.count }, (_, index) => Math.sqrt(dot(W, index, index)));
  const order = lengths.map((_, index) => index).sort((a, b) => lengths[b] - lengths[a]);
  const largest = lengths[order[0]] ?? 0;
  const S = Float64Array.from(order, (index) => lengths[index]);
  const U = picked(W, order);
  for (const [place, value] of S.entries()) {
    if (value > precision * largest) continue;
    S[place] = 0;
    column(U, place).fill(0);
  }
  orthonormalize(U); // they are at right angles already, but for those of no length
  return { U, S, V: picked(V, order) };
}

function picked(matrix: Columns, order: readonly number[]): Columns {
  const { rows, count } = matrix;
  const result = { rows, count, values: new Float64Array(rows * count) };
  for (const [place, index] of order.entries()) column(result, place).set(column(matrix, index));
  return result;
}
