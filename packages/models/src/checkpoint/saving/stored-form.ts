/** Undoes what loading did to a weight: transposes and fuses it as the family's files have it. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { UnsupportedSaveError } from "../../errors.js";
import type { CheckpointTensor } from "../checkpoint.js";

/** Turns parameters back into the tensor of the file. */
export type Restore = (tensor: CheckpointTensor, parts: readonly MxArray[]) => MxArray;

/**
 * A rule only moves numbers to other places, so applied to the numbers 0, 1, 2 … it tells where each one
 * came from, and sorting by that undoes it: no family has to say how. The orders of equal rules are kept.
 */
export function createRestore(): Restore {
  const orders = new Map<string, MxArray>();
  return (tensor, parts) => {
    const { transform } = tensor.target.rule;
    if (!transform) return parts[0];
    const key = [tensor.target.rule.into.join(), tensor.target.kind, ...tensor.shape].join(" ");
    const order = orders.get(key) ?? orderOf(tensor, transform);
    orders.set(key, order);
    return mx.take(flat(parts), order).reshape(tensor.shape);
  };
}

/** Where in the parts, laid one after the other, each number of the tensor lies. */
function orderOf(
  { name, shape, target }: CheckpointTensor,
  transform: NonNullable<CheckpointTensor["target"]["rule"]["transform"]>,
): MxArray {
  const size = shape.reduce((product, length) => product * length, 1);
  const places = mx.arange(0, size, 1, mx.int32);
  const moved = flat(transform(places.reshape(shape), target.kind));
  const order = mx.argsort(moved);
  if (moved.size === size && mx.arrayEqual(mx.take(moved, order), places).item()) return order;
  throw new UnsupportedSaveError(
    name,
    "its family changes this weight while loading, so it cannot be written back.",
  );
}

function flat(parts: readonly MxArray[]): MxArray {
  const vectors = parts.map((part) => part.reshape([-1]));
  return vectors.length === 1 ? vectors[0] : mx.concatenate(vectors, 0);
}
