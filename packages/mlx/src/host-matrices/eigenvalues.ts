/**
 * The eigenvalues of a small square matrix, which need be neither symmetric nor real. MLX has none of the kind.
 *
 * Householder reflections bring the matrix to Hessenberg form, and QR steps with Wilkinson's shift, in complex numbers, take one eigenvalue
 * after the other off its lower end. Source: Golub & Van Loan, "Matrix Computations", sections 7.4 and 7.5.
 */

/** Complex numbers, the largest by absolute value first. */
export interface Eigenvalues {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/** A complex matrix, row by row. */
interface Complex {
  readonly size: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Far more than are ever needed for one eigenvalue; an unusual shift in between breaks a circle. */
const mostSteps = 300;

/**
 * @param values (size, size), row by row, finite; left as they are
 */
export function eigenvalues(size: number, values: Float64Array): Eigenvalues {
  const matrix = hessenberg(size, values);
  const found: [re: number, im: number][] = [];
  let high = size - 1;
  let steps = 0;
  while (high >= 0) {
    const low = blockStart(matrix, high);
    if (low === high || steps >= mostSteps) {
      found.push([matrix.re[high * size + high], matrix.im[high * size + high]]);
      high--;
      steps = 0;
      continue;
    }
    steps++;
    qrStep(matrix, low, high, steps % 11 === 10 ? exceptional(matrix, high) : shift(matrix, high));
  }
  found.sort(([a, b], [c, d]) => Math.hypot(c, d) - Math.hypot(a, b));
  return {
    real: Float64Array.from(found, ([re]) => re),
    imaginary: Float64Array.from(found, ([, im]) => im),
  };
}

function hessenberg(size: number, values: Float64Array): Complex {
  const re = values.slice();
  const vector = new Float64Array(size);
  for (let k = 0; k < size - 2; k++) {
    let length = 0;
    for (let row = k + 1; row < size; row++) {
      vector[row] = re[row * size + k];
      length = Math.hypot(length, vector[row]);
    }
    if (length === 0) continue;
    vector[k + 1] += vector[k + 1] < 0 ? -length : length;
    let squares = 0;
    for (let row = k + 1; row < size; row++) squares += vector[row] ** 2;
    reflect(re, size, vector, { from: k + 1, factor: 2 / squares });
  }
  return { size, re, im: new Float64Array(size * size) };
}

/** A ← (1 − f v vᵀ) A (1 − f v vᵀ), with v zero before `from`. */
function reflect(
  a: Float64Array,
  size: number,
  v: Float64Array,
  { from, factor }: { readonly from: number; readonly factor: number },
): void {
  for (let column = 0; column < size; column++) {
    let sum = 0;
    for (let row = from; row < size; row++) sum += v[row] * a[row * size + column];
    for (let row = from; row < size; row++) a[row * size + column] -= factor * sum * v[row];
  }
  for (let row = 0; row < size; row++) {
    let sum = 0;
    for (let column = from; column < size; column++) sum += v[column] * a[row * size + column];
    for (let column = from; column < size; column++)
      a[row * size + column] -= factor * sum * v[column];
  }
}

/** The first row of the lowest block that nothing connects to the rows above it. */
function blockStart({ size, re, im }: Complex, high: number): number {
  for (let row = high; row > 0; row--) {
    const [here, above] = [row * size + row, (row - 1) * size + row - 1];
    const around = Math.hypot(re[here], im[here]) + Math.hypot(re[above], im[above]);
    const below = Math.hypot(re[here - 1], im[here - 1]);
    if (below > Number.EPSILON * around && below > Number.MIN_VALUE) continue;
    re[here - 1] = 0;
    im[here - 1] = 0;
    return row;
  }
  return 0;
}

/** Of the two eigenvalues of the lowest two rows, the one nearer to the last number. */
function shift({ size, re, im }: Complex, high: number): [number, number] {
  const d = high * size + high;
  const [a, b, c] = [d - size - 1, d - size, d - 1];
  const half: [number, number] = [(re[a] - re[d]) / 2, (im[a] - im[d]) / 2];
  const product = times([re[b], im[b]], [re[c], im[c]]);
  const squared = times(half, half);
  const root = squareRoot([squared[0] + product[0], squared[1] + product[1]]);
  const same = half[0] * root[0] + half[1] * root[1] >= 0 ? 1 : -1;
  const sum: [number, number] = [half[0] + same * root[0], half[1] + same * root[1]];
  const length = sum[0] ** 2 + sum[1] ** 2;
  if (length === 0) return [re[d], im[d]];
  const share = times(product, [sum[0] / length, -sum[1] / length]);
  return [re[d] - share[0], im[d] - share[1]];
}

function exceptional({ size, re, im }: Complex, high: number): [number, number] {
  const at = high * size + high;
  return [re[at] + Math.hypot(re[at - 1], im[at - 1]), im[at]];
}

function times(
  [a, b]: readonly [number, number],
  [c, d]: readonly [number, number],
): [number, number] {
  return [a * c - b * d, a * d + b * c];
}

function squareRoot([a, b]: readonly [number, number]): [number, number] {
  const length = Math.hypot(a, b);
  const re = Math.sqrt((length + Math.abs(a)) / 2);
  const im = re === 0 ? 0 : Math.abs(b) / (2 * re);
  const sign = b < 0 ? -1 : 1;
  return a >= 0 ? [re, sign * im] : [im, sign * re];
}

/** H − s = Q R, H ← R Q + s, on the block from `low` to `high`. */
function qrStep(matrix: Complex, low: number, high: number, by: readonly [number, number]): void {
  const { size, re, im } = matrix;
  const move = (sign: number) => {
    for (let row = low; row <= high; row++) {
      re[row * size + row] += sign * by[0];
      im[row * size + row] += sign * by[1];
    }
  };
  move(-1);
  const turns: Turn[] = [];
  for (let row = low; row < high; row++) {
    const turn = turnFor(matrix, row);
    turns.push(turn);
    turnRows(matrix, row, high, turn);
  }
  for (const [index, turn] of turns.entries()) turnColumns(matrix, low + index, low, turn);
  move(1);
}

/** cos real, sin complex. */
type Turn = readonly [cos: number, re: number, im: number];

/** The rotation of rows `row` and `row + 1` that clears the number below the diagonal. */
function turnFor({ size, re, im }: Complex, row: number): Turn {
  const [top, below] = [row * size + row, (row + 1) * size + row];
  const [a, b] = [Math.hypot(re[top], im[top]), Math.hypot(re[below], im[below])];
  const length = Math.hypot(a, b);
  if (length === 0) return [1, 0, 0];
  if (a === 0) return [0, re[below] / b, -im[below] / b];
  // conj(below) · top / (|top| · length)
  const product = times([re[below], -im[below]], [re[top] / a, im[top] / a]);
  return [a / length, product[0] / length, product[1] / length];
}

function turnRows({ size, re, im }: Complex, row: number, high: number, [c, s, t]: Turn): void {
  for (let column = row; column <= high; column++) {
    const [x, y] = [row * size + column, (row + 1) * size + column];
    const [xr, xi, yr, yi] = [re[x], im[x], re[y], im[y]];
    re[x] = c * xr + s * yr - t * yi;
    im[x] = c * xi + s * yi + t * yr;
    re[y] = c * yr - s * xr - t * xi;
    im[y] = c * yi - s * xi + t * xr;
  }
}

function turnColumns(
  { size, re, im }: Complex,
  column: number,
  low: number,
  [c, s, t]: Turn,
): void {
  for (let row = low; row <= column + 1; row++) {
    const [x, y] = [row * size + column, row * size + column + 1];
    const [xr, xi, yr, yi] = [re[x], im[x], re[y], im[y]];
    re[x] = c * xr + s * yr + t * yi;
    im[x] = c * xi + s * yi - t * yr;
    re[y] = c * yr - s * xr + t * xi;
    im[y] = c * yi - s * xi - t * xr;
  }
}
