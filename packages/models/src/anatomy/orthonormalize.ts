/** The QR decomposition of tall matrices, which MLX has for square ones only. */
import { type MxArray, mx } from "@mlxterp/mlx";

const smallest = 1e-30; // keeps a column of zeros from becoming one of NaN

/**
 * Orthonormal columns that span a matrix, and the matrix in terms of them. Gram and Schmidt's procedure with every
 * column freed twice from the ones before it, which is enough for rounding.
 * Source: Giraud et al. 2005, "Rounding error analysis of the classical Gram–Schmidt orthogonalization process".
 *
 * @param matrix (rows, rank), rank ≤ rows
 * @returns `Q` (rows, rank) and `R` (rank, rank), with `Q · R` the matrix
 */
export function orthonormalize(matrix: MxArray): { readonly Q: MxArray; readonly R: MxArray } {
  const [, rank] = matrix.shape;
  let Q: MxArray | undefined;
  for (let index = 0; index < rank; index++) {
    const column = matrix.index(mx.Slice(), mx.Slice(index, index + 1)); // (rows, 1)
    const next: MxArray = Q ? freed(freed(column, Q), Q) : unit(column);
    Q = Q ? mx.concatenate([Q, next], 1) : next;
  }
  const basis = Q ?? matrix;
  return { Q: basis, R: mx.matmul(basis.T, matrix) };
}

/** What of a column points out of the span of others, with length 1. */
function freed(column: MxArray, others: MxArray): MxArray {
  return unit(mx.subtract(column, mx.matmul(others, mx.matmul(others.T, column))));
}

function unit(column: MxArray): MxArray {
  return mx.divide(column, mx.maximum(mx.sqrt(mx.sum(mx.square(column))), smallest));
}
