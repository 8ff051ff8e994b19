/** A matrix of low rank, kept as the product that it is. */
import { checkArray, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { orthonormalize } from "./orthonormalize.js";

/** The singular value decomposition of a matrix: `U · diag(S) · Vt`. */
export interface SingularValues {
  readonly U: MxArray; // (rows, rank)
  /** Largest first. */
  readonly S: MxArray; // (rank)
  readonly Vt: MxArray; // (rank, columns)
}

/**
 * `A · B`, without ever computing the large matrix unless `product` is asked for. Everything is lazy but `norm`.
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
    const [a, b] = [checkArray("A", A).shape, checkArray("B", B).shape];
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

  /** @param x (…, rows); returns `x · A · B`, (…, columns) */
  apply(x: MxArray): MxArray {
    return mx.matmul(mx.matmul(x, this.A), this.B);
  }

  /** The square root of the sum of all squares, by way of two (rank, rank) matrices. */
  norm(): number {
    const { A, B } = this;
    const products = mx.multiply(mx.matmul(A.T, A), mx.matmul(B, B.T));
    return Number(mx.sqrt(mx.sum(products)).item());
  }

  /** By way of a (rank, rank) matrix, which is decomposed on the CPU, where MLX can. */
  svd(): SingularValues {
    const { A, B } = this;
    const [rows, columns] = this.shape;
    const rank = A.shape[1];
    if (rank > Math.min(rows, columns)) return decompose(this.product());
    const [left, right] = [orthonormalize(A), orthonormalize(B.T)];
    const { U, S, Vt } = decompose(mx.matmul(left.R, right.R.T)); // (rank, rank)
    return { U: mx.matmul(left.Q, U), S, Vt: mx.matmul(Vt, right.Q.T) };
  }
}

function decompose(matrix: MxArray): SingularValues {
  const [rows, columns] = matrix.shape;
  const rank = Math.min(rows, columns);
  const [U, S, Vt] = mx.linalg.svd(matrix, mx.cpu);
  return { U: U.index(mx.Slice(), mx.Slice(0, rank)), S, Vt: Vt.index(mx.Slice(0, rank)) };
}
