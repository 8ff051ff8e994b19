/** A slice that only products read. */
import { brief, checkRecord } from "@mlxterp/results/errors";
import { InvalidArgumentError } from "./errors.js";
import { checkArray } from "./guard.js";
import { type Methods, original } from "./sound-views.js";
import type { MxArray, Slice } from "./types/array.js";

/**
 * A slice that may have gaps and whose marks are not right: free, but only for products, which go by its strides.
 *
 * @example
 * const keys = mx.zeros([1, 4, 64, 16]); // (batch, heads, key, headDim)
 * const past = sliceForProduct(keys, mx.Slice(), mx.Slice(), mx.Slice(0, 12));
 * const scores = mx.matmul(mx.zeros([1, 4, 1, 16]), past.swapaxes(-1, -2));
 */
export function sliceForProduct(array: MxArray, ...slices: Slice[]): MxArray {
  for (const [axis, slice] of slices.entries()) checkSlice(`slices[${axis}]`, slice);
  const methods = (checkArray("array", array) as unknown as { [original]?: Methods })[original];
  return methods ? methods.index.apply(array, slices) : array.index(...slices);
}

/** The binding's own methods are asked, which check nothing: a place beyond the axis would end the process. */
function checkSlice(argument: string, slice: unknown): void {
  checkRecord(argument, slice);
  const { start, stop, step } = slice as Readonly<Record<string, unknown>>;
  const whole = [start, stop, step].every(
    (part) => part === null || (typeof part === "number" && part === (part | 0)),
  ); // of 32 bits
  if (whole && step !== 0) return;
  const rule = `must be a slice, such as mx.Slice(0, 12), not ${brief(slice)}.`;
  throw new InvalidArgumentError(argument, slice, rule);
}
