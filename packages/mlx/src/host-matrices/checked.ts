/** The functions of this folder as other packages get them: matrices are checked where they come in, not in every loop. */
import { brief, checkWholeNumber, InvalidArgumentError } from "@mlxterp/results/errors";
import * as columns from "./columns.js";
import * as general from "./eigenvalues.js";
import * as singular from "./singular-values.js";
import * as symmetric from "./symmetric-eigenvalues.js";

type Columns = columns.Columns;

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless there are as many numbers as rows and columns say */
function checkColumns(argument: string, value: unknown): Columns {
  const { rows, count, values } = Object(value ?? {}) as Partial<Columns>;
  checkWholeNumber(`${argument}.rows`, rows);
  checkWholeNumber(`${argument}.count`, count);
  checkValues(`${argument}.values`, values, (rows as number) * (count as number));
  return value as Columns;
}

function checkValues(argument: string, values: unknown, length: number): void {
  if (values instanceof Float64Array && values.length === length) return;
  const given = values instanceof Float64Array ? `${values.length} numbers` : brief(values);
  throw new InvalidArgumentError(argument, values, `must be a Float64Array of ${length} numbers, not ${given}.`); // biome-ignore format: one line
}

function checkSquare(argument: string, value: unknown): Columns {
  const matrix = checkColumns(argument, value);
  if (matrix.rows === matrix.count) return matrix;
  const rule = `must be square, not of ${matrix.rows} rows and ${matrix.count} columns.`;
  throw new InvalidArgumentError(argument, value, rule);
}

/** The numbers of one column, which are those of the matrix. @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function column(matrix: Columns, index: number): Float64Array {
  const { count } = checkColumns("matrix", matrix);
  if (checkWholeNumber("index", index) < count) return columns.column(matrix, index);
  throw new InvalidArgumentError("index", index, `there are ${count} columns.`);
}

/** @returns `left · right`, (rows of left, columns of right). @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function product(left: Columns, right: Columns): Columns {
  checkInner(checkColumns("left", left).count, checkColumns("right", right).rows);
  return columns.product(left, right);
}

/** @returns `left ᵀ · right`, (columns of left, columns of right). @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function transposedProduct(left: Columns, right: Columns): Columns {
  checkInner(checkColumns("left", left).rows, checkColumns("right", right).rows);
  return columns.transposedProduct(left, right);
}

function checkInner(left: number, right: number): void {
  if (left === right) return;
  throw new InvalidArgumentError("right", right, `must have ${left} rows, not ${right}.`);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function transposed(matrix: Columns): Columns {
  return columns.transposed(checkColumns("matrix", matrix));
}

/** Makes columns orthonormal, in place. @throws InvalidArgumentError (`INVALID_ARGUMENT`) for more columns than rows */
export function orthonormalize(matrix: Columns): void {
  const { rows, count } = checkColumns("matrix", matrix);
  if (count > rows) {
    const rule = `has ${count} columns of ${rows} rows, and no more than ${rows} can be orthogonal.`;
    throw new InvalidArgumentError("matrix", matrix, rule);
  }
  columns.orthonormalize(matrix);
}

/** @param values (size, size), row by row, finite; left as they are. @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function eigenvalues(size: number, values: Float64Array): general.Eigenvalues {
  checkValues("values", values, checkWholeNumber("size", size) ** 2);
  return general.eigenvalues(size, values);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function singularValues(matrix: Columns): singular.JacobiValues {
  return singular.singularValues(checkColumns("matrix", matrix));
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is not square */
export function symmetricEigenvalues(
  matrix: Columns,
  withVectors = true,
): symmetric.SymmetricEigenvalues {
  return symmetric.symmetricEigenvalues(checkSquare("matrix", matrix), withVectors);
}
