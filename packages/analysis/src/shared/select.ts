/** Chosen layers, heads and positions: checked, with negative numbers counted from the end. */
import { OutOfRangeError } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";

/**
 * Absolute indices.
 *
 * @param what one of them is called in the message, such as `Layer`
 * @param chosen all of them when undefined
 * @param where that holds them, such as `this model`
 * @throws OutOfRangeError (`OUT_OF_RANGE`); InvalidArgumentError (`INVALID_ARGUMENT`) for an empty list
 */
export function select(
  what: string,
  chosen: readonly number[] | undefined,
  size: number,
  where = "this model",
): number[] {
  if (!chosen) return Array.from({ length: size }, (_, index) => index);
  if (chosen.length === 0) {
    throw new InvalidArgumentError(what, chosen, "the list is empty; leave it out to take all.");
  }
  return chosen.map((index) => {
    const absolute = index < 0 ? index + size : index;
    if (Number.isInteger(absolute) && absolute >= 0 && absolute < size) return absolute;
    throw new OutOfRangeError(what, index, size, where);
  });
}
