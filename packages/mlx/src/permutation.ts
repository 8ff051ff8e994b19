/** Orders of axes, as plain lists. */

/** All axes in their new order, or two that trade places, or one that goes elsewhere. */
export type AxisOrder =
  | readonly (number | readonly number[])[]
  | { readonly swap: readonly [number, number] }
  | { readonly move: readonly [number, number] };

/** The old place of each new axis; undefined for what is no permutation, which MLX itself then refuses. */
export function permutationOf(ndim: number, given: AxisOrder): readonly number[] | undefined {
  const plain = Array.from({ length: ndim }, (_, axis) => axis);
  const place = (axis: number) => (axis < 0 ? axis + ndim : axis);
  if ("swap" in given) {
    const [one, other] = given.swap.map(place);
    if (plain[one] === undefined || plain[other] === undefined) return undefined;
    return plain.map((axis) => (axis === one ? other : axis === other ? one : axis));
  }
  if ("move" in given) {
    const [source, destination] = given.move.map(place);
    if (plain[source] === undefined || plain[destination] === undefined) return undefined;
    const rest = plain.filter((axis) => axis !== source);
    return [...rest.slice(0, destination), source, ...rest.slice(destination)];
  }
  const order = given.flat().map((axis) => place(axis as number));
  if (order.length === 0) return [...plain].reverse();
  const complete = order.length === ndim && new Set(order).size === ndim;
  return complete && order.every((axis) => axis in plain) ? order : undefined;
}

/** The axes longer than 1, in the new order, as places among themselves. */
export function orderOfLonger(shape: readonly number[], order: readonly number[]): number[] {
  const longer = shape.flatMap((size, axis) => (size > 1 ? [axis] : []));
  return order.flatMap((axis) => (shape[axis] > 1 ? [longer.indexOf(axis)] : []));
}
