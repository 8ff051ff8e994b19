/** Products with a packed matrix. */
import { deviceName, type MxArray, mx } from "@mlxterp/mlx";
import { type PackedWeight, unpack } from "./scheme.js";

/**
 * The CPU's kernel unpacks the matrix anew for every row it multiplies. From so many rows on, unpacking it once is
 * faster: ten times at 128 rows of a 2048 × 2048 matrix.
 */
export const manyRows = 12;

/** Numbers unpacked at a time, 16 MB, so that a large matrix is never there as a whole. */
const slabSize = 2 ** 22;

/** @param x (…, in); returns `x · Wᵀ`, (…, out) */
export function multiplyPacked(x: MxArray, packed: PackedWeight): MxArray {
  const { weight, scales, biases, groupSize, bits } = packed;
  const width = x.shape[x.ndim - 1];
  if (deviceName() !== "cpu" || x.size < manyRows * width) {
    return mx.quantizedMatmul(x, weight, scales, biases, true, groupSize, bits);
  }
  const [rows] = weight.shape;
  const step = Math.max(1, Math.floor(slabSize / width));
  const slabs: MxArray[] = [];
  for (let start = 0; start < rows; start += step) {
    const part = mx.Slice(start, Math.min(start + step, rows));
    const [w, s, b] = [weight, scales, biases].map((array) => array.index(part));
    slabs.push(mx.matmul(x, unpack({ weight: w, scales: s, biases: b, groupSize, bits }).T));
  }
  return slabs.length === 1 ? slabs[0] : mx.concatenate(slabs, -1);
}
