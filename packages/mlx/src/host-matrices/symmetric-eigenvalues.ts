/**
 * Eigenvalues and eigenvectors of a symmetric matrix in double precision, in some n³ steps: for hundreds to a few thousand rows, where turning columns
 * by pairs (`singularValues`) would take minutes.
 *
 * Reflections make it tridiagonal, and QL steps with implicit shifts diagonal. What is found is exact to rounding beside the largest eigenvalue.
 * Source: Wilkinson & Reinsch 1971, "Handbook for Automatic Computation II: Linear Algebra", contributions II/2 and II/4.
 */
import { InvalidArgumentError } from "../errors.js";
import { type Columns, column, transposed } from "./columns.js";

/** `A = vectors · diag(values) · vectorsᵀ`, largest value first. */
export interface SymmetricEigenvalues {
  readonly values: Float64Array;
  /** Orthonormal columns; none where they were not asked for. */
  readonly vectors: Columns;
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** Below the diagonal; the last is 0. */
  readonly beside: Float64Array;
}

/**
 * @param matrix symmetric; one half of it is read
 * @param withVectors without them it takes a quarter of the time
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for numbers that are not finite
 */
export function symmetricEigenvalues(matrix: Columns, withVectors = true): SymmetricEigenvalues {
  const size = matrix.count;
  if (!matrix.values.every(Number.isFinite)) {
    throw new InvalidArgumentError("matrix", size, "needs finite numbers.");
  }
  const rows = Float64Array.from(matrix.values);
  const scales = new Float64Array(size);
  const tridiagonal = reduce(rows, size, scales);
  const basis = withVectors
    ? fewAtOnce(reflections(rows, size, scales), size)
    : new Float64Array(0);
  diagonalize(tridiagonal, basis, size);
  const { diagonal } = tridiagonal;
  const order = [...diagonal.keys()].sort((a, b) => diagonal[b] - diagonal[a]);
  const vectors = { rows: size, count: withVectors ? size : 0, values: new Float64Array(withVectors ? size * size : 0) }; // biome-ignore format: one line
  if (withVectors) {
    const all = transposed({ rows: size, count: size, values: basis.subarray(0, size * size) });
    for (const [place, at] of order.entries()) column(vectors, place).set(column(all, at));
  }
  return { values: Float64Array.from(order, (at) => diagonal[at]), vectors };
}

/** Reflects rows and columns until all is 0 but three diagonals; each reflection's vector stays in its row, right of the diagonal. */
function reduce(A: Float64Array, n: number, scales: Float64Array): Tridiagonal {
  const [diagonal, beside] = [new Float64Array(n), new Float64Array(n)];
  const product = new Float64Array(n);
  for (let k = 0; k < n - 1; k++) {
    diagonal[k] = A[k * n + k];
    const v = A.subarray(k * n, k * n + n); // from k + 1 on; the matrix is symmetric, so this is the column, too
    let square = 0;
    for (let at = k + 1; at < n; at++) square += v[at] * v[at];
    const length = v[k + 1] > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    beside[k] = length;
    const rest = square - v[k + 1] * v[k + 1];
    if (rest <= 0) {
      beside[k] = v[k + 1]; // nothing to turn
      continue;
    }
    v[k + 1] -= length;
    const scale = 2 / (rest + v[k + 1] * v[k + 1]);
    scales[k] = scale;
    reflect(A, n, k, { v, scale, product });
  }
  diagonal[n - 1] = A[n * n - 1];
  return { diagonal, beside };
}

interface Reflection {
  readonly v: Float64Array;
  readonly scale: number;
  /** Room for one row. */
  readonly product: Float64Array;
}

/** (1 − s v vᵀ) A (1 − s v vᵀ) of what lies behind row k, on the upper half alone. */
function reflect(A: Float64Array, n: number, k: number, { v, scale, product }: Reflection): void {
  product.fill(0);
  for (let i = k + 1; i < n; i++) {
    const row = A.subarray(i * n, i * n + n);
    const own = v[i];
    let sum = row[i] * own;
    for (let j = i + 1; j < n; j++) {
      sum += row[j] * v[j];
      product[j] += row[j] * own;
    }
    product[i] += sum;
  }
  let along = 0;
  for (let i = k + 1; i < n; i++) along += product[i] * v[i];
  const half = (scale * scale * along) / 2;
  for (let i = k + 1; i < n; i++) product[i] = scale * product[i] - half * v[i];
  for (let i = k + 1; i < n; i++) {
    const row = A.subarray(i * n, i * n + n);
    const [a, b] = [v[i], product[i]];
    for (let j = i; j < n; j++) row[j] -= a * product[j] + b * v[j];
  }
}

/** The product of all reflections, (its columns one after the other): rows of the transposed. */
function reflections(A: Float64Array, n: number, scales: Float64Array): Float64Array {
  const Q = new Float64Array(n * n);
  for (let at = 0; at < n; at++) Q[at * (n + 1)] = 1;
  // Qᵀ = … H1 H0, so each from the last on is put behind: rows i > k of Qᵀ (1 − s v vᵀ)
  for (let k = n - 2; k >= 0; k--) {
    const scale = scales[k];
    if (scale === 0) continue;
    const v = A.subarray(k * n, k * n + n);
    for (let i = k + 1; i < n; i++) {
      const row = Q.subarray(i * n, i * n + n);
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += row[j] * v[j];
      sum *= scale;
      if (sum !== 0) for (let j = k + 1; j < n; j++) row[j] -= sum * v[j];
    }
  }
  return Q;
}

/** Rows that are turned together: a turn waits for the one before it, but not for that of another row. */
const together = 4;

/** Vectors as columns, row by row: what is turned next to each other lies next to each other. Rows of zeros fill up the last ones that are turned together. */
function fewAtOnce(rows: Float64Array, size: number): Float64Array {
  const { values } = transposed({ rows: size, count: size, values: rows });
  const all = new Float64Array(Math.ceil(size / together) * together * size);
  all.set(values);
  return all;
}

/** Far more than were ever needed for one eigenvalue. */
const mostTurns = 200;

/** @param basis columns that are turned with the matrix, row by row; none where it is empty */
function diagonalize({ diagonal: d, beside: e }: Tridiagonal, basis: Float64Array, n: number): void {
  const turns: Turns = { cosines: new Float64Array(n), sines: new Float64Array(n) };
  for (let from = 0; from < n; from++) {
    for (let turn = 0; ; turn++) {
      let to = from;
      while (to < n - 1 && !isNothing(d, e, to)) to++;
      if (to === from) break;
      if (turn === mostTurns) throw new InvalidArgumentError("matrix", n, "has eigenvalues that are not found.");
      const last = turnOnce(d, e, { from, to }, turns);
      if (basis.length > 0) turnColumns(basis, n, { from: last, to }, turns);
    }
  }
} // biome-ignore format: one function

function isNothing(d: Float64Array, e: Float64Array, at: number): boolean {
  const beside = Math.abs(d[at]) + Math.abs(d[at + 1]);
  return Math.abs(e[at]) <= Number.EPSILON * beside || Math.abs(e[at]) < 1e-290;
}

/** One implicit step of QL on a block, from its end to its start; returns the first of the numbers that were turned. */
function turnOnce(
  d: Float64Array,
  e: Float64Array,
  { from, to }: Block,
  { cosines, sines }: Turns,
): number {
  const slope = (d[from + 1] - d[from]) / (2 * e[from]);
  let g = d[to] - d[from] + e[from] / (slope + (slope < 0 ? -1 : 1) * Math.hypot(slope, 1));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let at = to - 1; at >= from; at--) {
    const [f, b] = [sine * e[at], cosine * e[at]];
    const length = Math.hypot(f, g);
    e[at + 1] = length;
    if (length === 0) {
      d[at + 1] -= shift; // the block has come apart
      e[to] = 0;
      return at + 1;
    }
    sine = f / length;
    cosine = g / length;
    const rest = d[at + 1] - shift;
    const turned = (d[at] - rest) * sine + 2 * cosine * b;
    shift = sine * turned;
    d[at + 1] = rest + shift;
    g = cosine * turned - b;
    cosines[at] = cosine;
    sines[at] = sine;
  }
  d[from] -= shift;
  e[from] = g;
  e[to] = 0;
  return from;
}

interface Block {
  readonly from: number;
  readonly to: number;
}

/** By how much each number and the next are turned. */
interface Turns {
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

/** All turns of one step, for some rows at once: each number is read and written once, and not once for either neighbour. */
function turnColumns(
  basis: Float64Array,
  n: number,
  { from, to }: Block,
  { cosines, sines }: Turns,
): void {
  for (let row = 0; row < basis.length; row += together * n) {
    const [one, two, three] = [row + n, row + 2 * n, row + 3 * n];
    let [a, b, c, d] = [basis[row + to], basis[one + to], basis[two + to], basis[three + to]];
    for (let at = to - 1; at >= from; at--) {
      const [cosine, sine] = [cosines[at], sines[at]];
      const [w, x, y, z] = [basis[row + at], basis[one + at], basis[two + at], basis[three + at]];
      basis[row + at + 1] = sine * w + cosine * a;
      basis[one + at + 1] = sine * x + cosine * b;
      basis[two + at + 1] = sine * y + cosine * c;
      basis[three + at + 1] = sine * z + cosine * d;
      a = cosine * w - sine * a;
      b = cosine * x - sine * b;
      c = cosine * y - sine * c;
      d = cosine * z - sine * d;
    }
    basis[row + from] = a;
    basis[one + from] = b;
    basis[two + from] = c;
    basis[three + from] = d;
  }
}
