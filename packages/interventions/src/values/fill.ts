/** Held values in an activation's place. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { ValueShapeError } from "../errors.js";
import type { HeldArray } from "./held-array.js";

/**
 * Held values in the shape and dtype of an activation.
 *
 * @throws ValueShapeError (`VALUE_SHAPE`), ValueDtypeError (`VALUE_DTYPE`)
 */
export function fill(name: string, held: HeldArray, x: MxArray, site: string): MxArray {
  const { shape } = x;
  if (!broadcasts(held.shape, shape)) {
    throw new ValueShapeError(
      name,
      site,
      held.shape,
      shape,
      "Counted from the last, each axis of the value must be equal or 1.",
    );
  }
  return mx.broadcastTo(held.as(x.dtype, name, site), shape);
}

function broadcasts(from: readonly number[], to: readonly number[]): boolean {
  const lead = to.length - from.length;
  return lead >= 0 && from.every((size, axis) => size === 1 || size === to[lead + axis]);
}
