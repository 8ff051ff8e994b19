/** How much of what one head writes another reads: norms of products of their matrices, without ever computing the products. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { HeadMatrices } from "./token-weights.js";

export const compositionKinds = ["query", "key", "value"] as const;

/** `A · Bᵀ`, both (heads, hidden, rank). */
interface Pair {
  readonly A: MxArray;
  readonly B: MxArray;
}

/** What a later layer's heads read by kind, oriented so that what is written multiplies from the left. */
function readers({ Q, K, V, O }: HeadMatrices): Pair[] {
  return [
    { A: Q, B: K },
    { A: K, B: Q },
    { A: V, B: O.swapaxes(1, 2) },
  ];
}

/**
 * @returns for each kind (heads of the earlier layer, heads of the later)
 */
export async function compositionOf(
  earlier: HeadMatrices,
  later: HeadMatrices,
): Promise<Float32Array[]> {
  const writer: Pair = { A: earlier.V, B: earlier.O.swapaxes(1, 2) };
  const scores = readers(later).map((reader) => {
    const middle = mx.matmul(
      mx.expandDims(writer.B.swapaxes(1, 2), 1), // (writers, 1, rank, hidden)
      mx.expandDims(reader.A, 0),
    ); // (writers, readers, rank, rank)
    const across = mx.matmul(
      mx.matmul(middle, mx.expandDims(gram(reader.B), 0)),
      middle.swapaxes(2, 3),
    );
    const squares = mx.sum(mx.multiply(across, mx.expandDims(gram(writer.A), 1)), [2, 3]);
    const sizes = mx.multiply(
      mx.expandDims(squareOf(writer), 1),
      mx.expandDims(squareOf(reader), 0),
    );
    return mx.sqrt(mx.divide(mx.maximum(squares, 0), mx.maximum(sizes, 1e-30)));
  });
  await evaluate(scores);
  return scores.map((score) => toFlat(score) as Float32Array);
}

/** (heads, rank, rank) */
function gram(x: MxArray): MxArray {
  return mx.matmul(x.swapaxes(1, 2), x);
}

/** ‖A · Bᵀ‖² of each head, by way of two small matrices: (heads). */
function squareOf({ A, B }: Pair): MxArray {
  return mx.sum(mx.multiply(gram(A), gram(B)), [1, 2]);
}
