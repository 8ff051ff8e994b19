/** What measures of similarity take from matrices on the host: sizes, and the directions that hold most of the variance. */
import { hostMatrices } from "@mlxterp/mlx";

export type Columns = hostMatrices.Columns;

export function squares({ values }: Columns): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

/** The singular values of a matrix, by the products of its columns: those below 1e-8 of the largest are rounding. */
export function sizesOf(matrix: Columns): Float64Array {
  const tall = matrix.rows >= matrix.count ? matrix : hostMatrices.transposed(matrix);
  const products = { ...hostMatrices.transposedProduct(tall, tall), rows: tall.count };
  const { values } = hostMatrices.symmetricEigenvalues(products, false);
  return values.map((one) => Math.sqrt(Math.max(0, one)));
}

/**
 * What turns columns into those directions that hold a share of their variance, each of length 1.
 *
 * @param products of all pairs of columns
 * @returns (columns, kept)
 */
export function whitening(products: Columns, variance: number): Columns {
  const { values, vectors } = hostMatrices.symmetricEigenvalues(products);
  const total = values.reduce((sum, one) => sum + Math.max(0, one), 0);
  let [sum, count] = [0, 0];
  while (count < values.length && sum < variance * total * (1 - 1e-12) && values[count] > 0) sum += values[count++]; // biome-ignore format: one line
  const white = vectors.values.slice(0, count * vectors.rows);
  for (const at of white.keys()) white[at] /= Math.sqrt(values[Math.floor(at / vectors.rows)]);
  return { rows: vectors.rows, count, values: white };
}
