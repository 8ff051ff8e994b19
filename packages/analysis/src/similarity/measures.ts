/** How alike two representations of the same inputs are, whatever their bases and widths. */
import {
  checkArray,
  fromFlat,
  hostMatrices,
  InvalidArgumentError,
  type MxArray,
  mx,
  toFlat,
} from "@mlxterp/mlx";
import { parseOptions } from "@mlxterp/results";
import { z } from "zod";
import { meanRow, type Rows, rowsOf } from "../directions/matrix.js";

type Columns = hostMatrices.Columns;

const svccaOptions = z.object({
  variance: z.number().positive().max(1).default(0.99).describe("the share that is kept"),
});

/** How many directions of each are compared, and how they correlate. */
export interface CanonicalCorrelations {
  /** Largest first. */
  readonly correlations: readonly number[];
  readonly mean: number;
  readonly kept: readonly [first: number, second: number];
}

/**
 * Linear centred kernel alignment: 1 for representations that are rotations and scalings of each other.
 * Source: Kornblith et al. 2019, "Similarity of Neural Network Representations Revisited", arXiv 1905.00414.
 *
 * @param first (rows, width)
 * @param second (rows, other width), of the same inputs in the same order
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for another number of rows, or rows that are all the same
 * @example
 * linearCka(mx.array([[1, 0], [0, 1], [2, 2]]), mx.array([[2, 0], [0, 2], [4, 4]])); // 1
 */
export function linearCka(first: MxArray, second: MxArray): number {
  checkSameInputs(first, second);
  return alignment(alignable("first", first), alignable("second", second));
}

/** A representation that is compared with many: what that needs of it is made once. */
export interface Alignable {
  readonly columns: Columns;
  /** Products of all pairs of its rows. */
  readonly ofRows: () => Columns;
  /** What it has in common with itself. */
  readonly own: number;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for rows that are all the same */
export function alignable(name: string, rows: MxArray): Alignable {
  const columns = centredColumns(name, rowsOf(rows));
  let made: Columns | undefined;
  const make = (turned: Columns) => productOf(turned, turned);
  const ofRows = () => {
    made ??= make(hostMatrices.transposed(columns));
    return made;
  };
  return { columns, ofRows, own: common({ columns, ofRows }, { columns, ofRows }) };
}

export function alignment(first: Alignable, second: Alignable): number {
  return common(first, second) / Math.sqrt(first.own * second.own);
}

/** The squared size of XᵀY, which is also what products of all pairs of rows have in common: whichever is smaller is made. */
function common(x: Omit<Alignable, "own">, y: Omit<Alignable, "own">): number {
  if (x.columns.count * y.columns.count <= x.columns.rows ** 2) {
    return squares(productOf(x.columns, y.columns));
  }
  const other = y.ofRows().values;
  return x.ofRows().values.reduce((sum, value, at) => sum + value * other[at], 0);
}

/** Products of more terms are made by MLX, in single precision. */
const manyTerms = 2e7;

/** XᵀY of columns. */
function productOf(x: Columns, y: Columns): Columns {
  if (x.rows * x.count * y.count < manyTerms) return hostMatrices.transposedProduct(x, y);
  const [left, right] = [x, y].map(({ values, count, rows }) => fromFlat(values, [count, rows]));
  const made = toFlat(mx.matmul(right, left.T)); // (y, x), row by row: columns of (x, y)
  return { rows: x.count, count: y.count, values: Float64Array.from(made) };
}

/**
 * Singular vector canonical correlations: of each the directions that hold most of the variance, and how well the ones can be told
 * from the others by linear maps. Source: Raghu et al. 2017, arXiv 1706.05806.
 *
 * @param options `variance` is the share that is kept; default 0.99
 * @throws as `linearCka`
 * @example
 * svcca(mx.array([[1, 0], [0, 1], [2, 2]]), mx.array([[2, 0], [0, 2], [4, 4]])).mean > 0.999; // true
 */
export function svcca(
  first: MxArray,
  second: MxArray,
  options?: z.input<typeof svccaOptions>,
): CanonicalCorrelations {
  const { variance } = parseOptions("svcca", svccaOptions, options);
  const [x, y] = centredPair(first, second).map((one) => leading(one, variance));
  const correlations = [...sizesOf(productOf(x, y))].map((one) => Math.min(1, one));
  const mean = correlations.reduce((sum, one) => sum + one, 0) / correlations.length;
  return { correlations, mean, kept: [x.count, y.count] };
}

/**
 * Orthogonal Procrustes similarity: how near the best rotation of the one comes to the other, both centred and of length 1; the squared
 * distance that is left is 2 − 2 · this. Source: Ding et al. 2021, "Grounding Representation Similarity with Statistical Testing", arXiv 2108.01661.
 *
 * @throws as `linearCka`
 * @example
 * procrustesSimilarity(mx.array([[1, 0], [0, 1], [2, 2]]), mx.array([[0, 1], [-1, 0], [-2, 2]])); // 1: turned by a right angle
 */
export function procrustesSimilarity(first: MxArray, second: MxArray): number {
  const [x, y] = centredPair(first, second);
  const nuclear = sizesOf(productOf(x, y)).reduce((sum, one) => sum + one, 0);
  return nuclear / Math.sqrt(squares(x) * squares(y));
}

function squares({ values }: Columns): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

function checkSameInputs(first: MxArray, second: MxArray): void {
  const shapes = [checkArray("first", first).shape, checkArray("second", second).shape];
  if (shapes.every((shape) => shape.length === 2) && shapes[0][0] === shapes[1][0]) return;
  const rule = `two matrices with the same inputs as rows are needed, not [${shapes[0]}] and [${shapes[1]}].`;
  throw new InvalidArgumentError("second", shapes[1], rule);
}

function centredPair(first: MxArray, second: MxArray): [Columns, Columns] {
  checkSameInputs(first, second);
  return [spanned(centredColumns("first", rowsOf(first))), spanned(centredColumns("second", rowsOf(second)))]; // biome-ignore format: one pair
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
function centredColumns(name: string, rows: Rows): Columns {
  const mean = meanRow(rows);
  const { count, width, values } = rows;
  const centred = values.map((value, at) => value - mean[at % width]);
  const turned = { rows: width, count, values: centred };
  const size = squares(turned);
  if (!(size > 0) || !Number.isFinite(size)) {
    throw new InvalidArgumentError(name, size, "needs rows that are finite and not all the same.");
  }
  return hostMatrices.transposed(turned); // (rows, width)
}

/** The singular values of a matrix, by the products of its columns: those below 1e-8 of the largest are rounding. */
function sizesOf(matrix: Columns): Float64Array {
  const tall = matrix.rows >= matrix.count ? matrix : hostMatrices.transposed(matrix);
  const products = { ...hostMatrices.transposedProduct(tall, tall), rows: tall.count };
  const { values } = hostMatrices.symmetricEigenvalues(products, false);
  return values.map((one) => Math.sqrt(Math.max(0, one)));
}

/** Where there are fewer rows than columns, in coordinates of what the rows span, which these measures cannot tell apart. */
function spanned(columns: Columns): Columns {
  const { rows: count, count: width } = columns;
  if (width <= count) return columns;
  const turned = hostMatrices.transposed(columns);
  const { values, vectors } = eigenvaluesOf(productOf(turned, turned), count);
  const scaled = vectors.values.map((value, at) => value * Math.sqrt(Math.max(0, values[Math.floor(at / count)]))); // biome-ignore format: one line
  return { rows: count, count, values: scaled };
}

function eigenvaluesOf({ values }: Columns, size: number) {
  return hostMatrices.symmetricEigenvalues({ rows: size, count: size, values });
}

/** The left singular vectors that hold a share of the variance. */
function leading(matrix: Columns, variance: number): Columns {
  const { values, vectors } = eigenvaluesOf(productOf(matrix, matrix), matrix.count);
  const total = values.reduce((sum, one) => sum + Math.max(0, one), 0);
  let [sum, count] = [0, 0];
  while (count < values.length && sum < variance * total * (1 - 1e-12) && values[count] > 0) sum += values[count++]; // biome-ignore format: one line
  const directions = { rows: vectors.rows, count, values: vectors.values.slice(0, count * vectors.rows) }; // biome-ignore format: one line
  const scaled = { ...directions, values: directions.values.map((one, at) => one / Math.sqrt(values[Math.floor(at / vectors.rows)])) }; // biome-ignore format: one line
  return productOf(hostMatrices.transposed(matrix), scaled);
}
