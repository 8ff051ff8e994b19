/** An activation in five numbers, reduced on the device. */
import type { Axes } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";

/**
 * @param axes of the value, where they are known
 * @returns (5): mean, variance, minimum, maximum, and the norm at the last token or -1
 */
export function reduce(value: MxArray, axes: Axes | undefined): MxArray {
  const x = value.astype(mx.float32);
  const mean = mx.mean(x);
  // mx.variance subtracts squares, which for a value that hardly varies can leave less than nothing
  const variance = mx.mean(mx.square(mx.subtract(x, mean)));
  return mx.stack([mean, variance, mx.min(x), mx.max(x), lastNorm(x, axes)]);
}

function lastNorm(x: MxArray, axes: Axes | undefined): MxArray {
  const known = axes?.length === x.ndim ? axes : undefined;
  const position = known
    ? known.findIndex((axis) => axis === "position" || axis === "query")
    : x.ndim === 3
      ? 1 // (batch, position, hidden), as everywhere in a decoder
      : -1;
  if (position < 0) return mx.array(-1);
  const last = mx.take(x, mx.array(x.shape[position] - 1, mx.int32), position);
  return mx.sqrt(mx.sum(mx.square(last)));
}
