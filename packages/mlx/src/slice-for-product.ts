/** A slice that only products read. */
import { checkArray } from "./guard.js";
import { type Methods, original } from "./sound-views.js";
import type { Index, MxArray } from "./types/array.js";

/**
 * A slice that may have gaps and whose marks are not right: free, but only for products, which go by its strides.
 *
 * @example
 * const keys = mx.zeros([1, 4, 64, 16]); // (batch, heads, key, headDim)
 * const past = sliceForProduct(keys, mx.Slice(), mx.Slice(), mx.Slice(0, 12));
 * const scores = mx.matmul(mx.zeros([1, 4, 1, 16]), past.swapaxes(-1, -2));
 */
export function sliceForProduct(array: MxArray, ...indices: Index[]): MxArray {
  const methods = (checkArray("array", array) as unknown as { [original]?: Methods })[original];
  return methods ? methods.index.apply(array, indices) : array.index(...indices);
}
