/** A matrix of low rank, kept as the product that it is. */
import {
  checkReal,
  checkWidth,
  fromFlat,
  hostMatrices,
  InvalidArgumentError,
  type MxArray,
  mx,
  toFlat,
} from "@mlxterp/mlx";

const { orthonormalize, product, singularValues, transposed, transposedProduct } = hostMatrices;

type Columns = hostMatrices.Columns;

/** The singular value decomposition of a matrix: `U · diag(S) · Vt`. */
export interface SingularValues {
  readonly U: MxArray; // (rows, rank)
  /** Largest first. */
  readonly S: MxArray; // (rank)
  readonly Vt: MxArray; // (rank, columns)
}

/**
 * `A · B`, without ever computing the large matrix unless `product` is asked for. Everything is lazy but `norm` and `svd`.
 * Source: Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits", on OV and QK circuits; the
 * factored form follows TransformerLens.
 *
 * @example
 * const { S } = model.weights.OV(0, 3).svd(); // how strongly head 3 of layer 0 moves each direction
 */
export class FactoredMatrix {
  constructor(
    readonly A: MxArray, // (rows, rank)
    readonly B: MxArray, // (rank, columns)
  ) {
    const [a, b] = [checkReal("A", A).shape, checkReal("B", B).shape];
    if (a.length === 2 && b.length === 2 && a[1] === b[0]) return;
    const rule = `a matrix of shape [rows, rank] and one of [rank, columns] are needed, not [${a.join(", ")}] and [${b.join(", ")}].`;
    throw new InvalidArgumentError("B", B, rule);
  }

  /** (rows, columns) */
  get shape(): readonly [number, number] {
    return [this.A.shape[0], this.B.shape[1]];
  }

  /** @returns the whole matrix, (rows, columns) */
  product(): MxArray {
    return mx.matmul(this.A, this.B);
  }

  /**
   * @param x (…, rows); returns `x · A · B`, (…, columns)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for another width
   */
  apply(x: MxArray): MxArray {
    return mx.matmul(mx.matmul(checkWidth("x", x, this.shape[0]), this.A), this.B);
  }

  /** The square root of the sum of all squares, by way of two (rank, rank) matrices. */
  norm(): number {
    const { A, B } = this;
    const products = mx.multiply(mx.matmul(A.T, A), mx.matmul(B, B.T));
    return Number(mx.sqrt(mx.sum(products)).item());
  }

  /**
   * By way of a (rank, rank) matrix, on the host in double precision: LAPACK's iteration, which MLX has, ends the process
   * where it does not converge. Takes a second for rank 128 or so, and grows with its third power.
   *
   * @returns all in float32
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for matrices that are not finite
   */
  svd(): SingularValues {
    const [rows, columns] = this.shape;
    const [left, right] = [finiteColumns("A", this.A), finiteColumns("B", this.B.T)];
    if (left.count > Math.min(rows, columns)) return decomposed(this.product());
    const [Q, P] = [left, right].map(({ values, ...size }) => ({
      ...size,
      values: values.slice(),
    }));
    orthonormalize(Q); // A = Q · Qᵀ · A
    orthonormalize(P);
    const core = product(transposedProduct(Q, left), transposed(transposedProduct(P, right)));
    const { U, S, V } = singularValues(core);
    return valuesOf(product(Q, U), S, product(P, V));
  }
}

/** @param matrix (rows, columns), of more rank than it has rows or columns */
function decomposed(matrix: MxArray): SingularValues {
  const [rows, columns] = matrix.shape;
  if (rows < columns) {
    const { U, S, V } = singularValues(finiteColumns("A", matrix.T));
    return valuesOf(V, S, U);
  }
  const { U, S, V } = singularValues(finiteColumns("A", matrix));
  return valuesOf(U, S, V);
}

function valuesOf(U: Columns, S: Float64Array, V: Columns): SingularValues {
  return { U: rowsOf(U).T, S: fromFlat(S, [S.length]), Vt: rowsOf(V) };
}

/** (columns, rows) */
function rowsOf({ rows, count, values }: Columns): MxArray {
  return fromFlat(values, [count, rows]);
}

function finiteColumns(name: string, matrix: MxArray): Columns {
  const [rows, count] = matrix.shape;
  const values = Float64Array.from(toFlat(matrix.T));
  if (values.every(Number.isFinite)) return { rows, count, values };
  const rule = "has numbers that are not finite, so there are no singular values.";
  throw new InvalidArgumentError(name, matrix, rule);
}
