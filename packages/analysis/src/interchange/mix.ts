/** Interchange of a part of an activation: what a subspace holds comes from another run. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** Which part is exchanged. */
export interface Subspace {
  /** (hidden, k), orthonormal columns; without it the plain basis. */
  readonly rotation?: MxArray | undefined;
  /** (k), from 0 to 1: how much of each coordinate; without it all. */
  readonly mask?: MxArray | undefined;
}

/**
 * base + ((source − base) R · mask) Rᵀ
 *
 * @param base (…, hidden)
 * @param source (…, hidden)
 * @returns (…, hidden), lazy
 */
export function mix(base: MxArray, source: MxArray, { rotation, mask }: Subspace): MxArray {
  const difference = mx.subtract(source, base);
  const turned = rotation ? mx.matmul(difference, rotation) : difference;
  const chosen = mask ? mx.multiply(turned, mask) : turned;
  return mx.add(base, rotation ? mx.matmul(chosen, rotation.T) : chosen);
}

/**
 * The mask of a boundless alignment: coordinates up to a boundary, with soft edges.
 * Source: Wu et al. 2023, "Interpretability at Scale: Identifying Causal Mechanisms in Alpaca", arXiv 2305.08809; edges as in pyvene.
 *
 * @param boundary scalar, as a share of all coordinates
 * @returns (hidden)
 */
export function boundlessMask(boundary: MxArray, hidden: number, temperature: number): MxArray {
  const places = mx.arange(0, hidden, 1, mx.float32);
  const end = mx.multiply(mx.minimum(mx.maximum(boundary, 1e-3), 1), hidden);
  const lower = mx.sigmoid(mx.divide(places, temperature));
  const upper = mx.sigmoid(mx.divide(mx.subtract(end, places), temperature));
  return mx.multiply(lower, upper);
}

/** The nearest orthonormal columns of any that are independent: first made short enough for the iteration. */
export function orthonormalOf(columns: MxArray): MxArray {
  const gram = mx.abs(mx.matmul(columns.T, columns));
  const longest = mx.sqrt(mx.max(mx.sum(gram, 1))); // no singular value is larger
  return nearestOrthonormal(mx.divide(columns, longest), 20);
}

/**
 * Columns that are orthonormal and nearest to those given, by Newton and Schulz's iteration: products only, so that gradients go through.
 *
 * @param columns (hidden, k), already nearly orthonormal
 */
export function nearestOrthonormal(columns: MxArray, turns = 6): MxArray {
  let own = columns;
  for (let turn = 0; turn < turns; turn++) {
    const gram = mx.matmul(own.T, own);
    own = mx.subtract(mx.multiply(own, 1.5), mx.multiply(mx.matmul(own, gram), 0.5));
  }
  return own;
}

/** Orthonormal columns at random, (hidden, k), computed. */
export function randomOrthonormal(hidden: number, k: number, seed: number): MxArray {
  const noise = mx.random.normal([hidden, hidden], mx.float32, 0, 1, mx.random.key(seed));
  const [q] = mx.linalg.qr(noise); // of square matrices alone
  return nearestOrthonormal(q.index(mx.Slice(), mx.Slice(0, k)));
}
