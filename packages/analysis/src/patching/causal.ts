/** Whether a model looks ahead: where two runs began alike, they must end alike, or nothing may be left out of a sweep. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";

/** Differences that the rounding of rows makes, relative to the largest number. */
const rounding = 1e-4;

/**
 * @param one (rows, position, hidden), the residual stream after the last layer
 * @param other the same, or (1, position, hidden)
 * @param same how many positions, from the first, began alike
 */
export function endAlike(one: MxArray, other: MxArray, same: number): boolean {
  if (same === 0) return true;
  const [left, right] = [one, other].map((x) => {
    return x.index(mx.Slice(), mx.Slice(0, same)).astype(mx.float32);
  });
  const sizes = [mx.subtract(left, right), left].map((x) => mx.max(mx.abs(x)));
  const [difference, largest] = toFlat(mx.stack(sizes));
  return difference <= rounding * largest;
}
