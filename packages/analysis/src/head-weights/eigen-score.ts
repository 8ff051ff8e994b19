/** Whether a map keeps directions or turns them round, by its eigenvalues. */
import { hostMatrices, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { HeadMatrices } from "./token-weights.js";

/**
 * Sum of the eigenvalues of each head's `V · O · between` over the sum of their absolute values. Those that are not 0 are the eigenvalues
 * of the small product `O · between · V`.
 *
 * @param between (hidden, hidden); nothing for the residual stream itself
 * @returns one for each head, between −1 and 1; 0 for a head that writes nothing
 */
export function eigenScores({ V, O }: HeadMatrices, between?: MxArray): number[] {
  const small = mx.matmul(between ? mx.matmul(O, between) : O, V); // (heads, rank, rank)
  const [heads, size] = small.shape;
  const flat = Float64Array.from(toFlat(small));
  return Array.from({ length: heads }, (_, head) => {
    const own = flat.slice(head * size * size, (head + 1) * size * size);
    const { real, imaginary } = hostMatrices.eigenvalues(size, own);
    const sizes = real.reduce((sum, value, index) => sum + Math.hypot(value, imaginary[index]), 0);
    return sizes === 0 ? 0 : real.reduce((sum, value) => sum + value, 0) / sizes;
  });
}
