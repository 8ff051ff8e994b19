/** Arrays as plain numbers in row order: what the operations mean, without strides, marks or views. */

export interface PlainArray {
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** The numbers of a shape, each from its place. */
export function build(shape: readonly number[], at: (place: number[]) => number): PlainArray {
  const numbers = Array.from({ length: sizeOf(shape) }, (_, index) => at(placeOf(shape, index)));
  return { shape, numbers };
}

function placeOf(shape: readonly number[], index: number): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const digit = rest % size;
      rest = Math.floor(rest / size);
      return digit;
    })
    .reverse();
}

function at({ shape, numbers }: PlainArray, place: readonly number[]): number {
  return numbers[shape.reduce((index, size, axis) => index * size + place[axis], 0)];
}

export function sliced(x: PlainArray, ranges: readonly (readonly [number, number])[]): PlainArray {
  const shape = ranges.map(([start, stop]) => stop - start);
  return build(shape, (place) =>
    at(
      x,
      place.map((index, axis) => index + ranges[axis][0]),
    ),
  );
}

export function taken(x: PlainArray, indices: readonly number[], axis: number): PlainArray {
  const shape = x.shape.with(axis, indices.length);
  return build(shape, (place) => at(x, place.with(axis, indices[place[axis]])));
}

export function first(x: PlainArray, index: number): PlainArray {
  return build(x.shape.slice(1), (place) => at(x, [index, ...place]));
}

/** @param order the old axis of each new one */
export function transposed(x: PlainArray, order: readonly number[]): PlainArray {
  const shape = order.map((axis) => x.shape[axis]);
  return build(shape, (place) =>
    at(
      x,
      x.shape.map((_, axis) => place[order.indexOf(axis)]),
    ),
  );
}

/** The same numbers in another shape. */
export function reshaped(x: PlainArray, shape: readonly number[]): PlainArray {
  return { shape, numbers: x.numbers };
}

export function twice(x: PlainArray, axis: number): PlainArray {
  const size = x.shape[axis];
  return build(x.shape.with(axis, 2 * size), (place) =>
    at(x, place.with(axis, place[axis] % size)),
  );
}

/** Sums over axes, which stay with length 1. */
export function summed(x: PlainArray, axes: readonly number[]): PlainArray {
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const folded = new Map<string, number>();
  build(x.shape, (place) => {
    const key = place.map((index, axis) => (axes.includes(axis) ? 0 : index)).join();
    folded.set(key, (folded.get(key) ?? 0) + at(x, place));
    return 0;
  });
  return build(shape, (place) => folded.get(place.join()) ?? 0);
}

/** Probabilities along the last axis. */
export function softmaxed(x: PlainArray): PlainArray {
  const weights = { shape: x.shape, numbers: x.numbers.map(Math.exp) };
  const totals = summed(weights, [x.shape.length - 1]);
  return build(x.shape, (place) => at(weights, place) / at(totals, place.with(-1, 0)));
}
