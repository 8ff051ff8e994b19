/** Views hold the numbers they name, and so does whatever is computed with them: random programs against plain numbers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MxArray, mx, toFlat } from "./index.js";
import {
  build,
  first,
  type PlainArray,
  reshaped,
  sliced,
  softmaxed,
  summed,
  taken,
  transposed,
  twice,
} from "./testing/plain-array.js";

type Both = readonly [array: MxArray, plain: PlainArray];
type Choose = (below: number) => number;

/** Each changes shape, order or number of what it is given. */
const steps: Readonly<Record<string, (both: Both, choose: Choose) => Both>> = {
  slice([array, plain], choose) {
    const ranges = plain.shape.map((size) => {
      const start = choose(size);
      return [start, start + 1 + choose(size - start)] as const;
    });
    return [
      array.index(...ranges.map(([start, stop]) => mx.Slice(start, stop))),
      sliced(plain, ranges),
    ];
  },
  index([array, plain], choose) {
    if (plain.shape.length < 2) return [array, plain];
    const index = choose(plain.shape[0]);
    return [array.index(index), first(plain, index)];
  },
  take([array, plain], choose) {
    const axis = choose(plain.shape.length);
    const indices = [choose(plain.shape[axis]), choose(plain.shape[axis])];
    return [mx.take(array, mx.array(indices, mx.int32), axis), taken(plain, indices, axis)];
  },
  transpose([array, plain], choose) {
    if (plain.shape.length < 2) return [array, plain];
    const order = plain.shape.map((_, axis) => axis);
    for (let last = order.length - 1; last > 0; last--) {
      const other = choose(last + 1);
      [order[last], order[other]] = [order[other], order[last]];
    }
    return [array.transpose(...order), transposed(plain, order)];
  },
  swap([array, plain], choose) {
    const { length } = plain.shape;
    const [one, other] = [choose(length), choose(length)];
    const order = plain.shape.map((_, axis) =>
      axis === one ? other : axis === other ? one : axis,
    );
    return [mx.swapaxes(array, one - length, other), transposed(plain, order)];
  },
  move([array, plain], choose) {
    const { length } = plain.shape;
    const [source, destination] = [choose(length), choose(length)];
    const rest = plain.shape.map((_, axis) => axis).filter((axis) => axis !== source);
    const order = rest.toSpliced(destination, 0, source);
    return [array.moveaxis(source, destination), transposed(plain, order)];
  },
  expand([array, plain], choose) {
    if (plain.shape.length > 4) return [array, plain];
    const axis = choose(plain.shape.length + 1);
    return [mx.expandDims(array, axis), reshaped(plain, plain.shape.toSpliced(axis, 0, 1))];
  },
  merge([array, plain]) {
    const [one, other, ...rest] = plain.shape;
    if (other === undefined) return [array, plain];
    return [array.reshape([one * other, ...rest]), reshaped(plain, [one * other, ...rest])];
  },
  negate: ([array, plain]) => [
    mx.negative(array),
    { ...plain, numbers: plain.numbers.map((value) => -value) },
  ],
  double([array, plain], choose) {
    const axis = choose(plain.shape.length);
    return [mx.concatenate([array, array], axis), twice(plain, axis)];
  },
};

const program = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  names: fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 5 }),
  axes: fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }),
  choices: fc.infiniteStream(fc.nat(1000)),
});

const close = (received: MxArray, { shape, numbers }: PlainArray) => {
  expect(received.shape).toEqual(shape);
  const list = shape.length === 0 ? [received.item()] : [received.tolist()].flat(9);
  list.forEach((value, index) => {
    expect(value).toBeCloseTo(numbers[index], 4);
  });
};

/** What is computed with a view. */
function check([array, plain]: Both, axes: readonly number[]): void {
  const { shape } = plain;
  close(array, plain);
  expect([...toFlat(array)]).toEqual([...plain.numbers]);
  const columns = build(shape.toReversed(), (place) =>
    place.reduce((sum, index) => 3 * sum + index, 1),
  );
  const turned = transposed(columns, shape.map((_, axis) => axis).toReversed());
  const other = mx.array([...columns.numbers]).reshape([...columns.shape]).T;
  const sums = plain.numbers.map((value, index) => value + turned.numbers[index]);
  close(mx.add(array, other), { shape, numbers: sums });
  close(mx.softmax(array, -1, true), softmaxed(plain));
  const over = [...new Set(axes.filter((axis) => axis < shape.length))];
  if (over.length === 0) return;
  const total = summed(plain, over);
  close(mx.sum(array, over, true), total);
  const weights = mx.ones([...total.shape]);
  close(mx.grad((w: MxArray) => mx.sum(mx.multiply(array, w)))(weights), total);
}

describe("views", () => {
  it("compute what their numbers say, after any steps", () => {
    fc.assert(
      fc.property(program, ({ shape, names, axes, choices }) => {
        const choose = (below: number) => (choices.next().value as number) % below;
        const plain = build(shape, () => choose(9) - 4);
        const start: Both = [mx.array([...plain.numbers], mx.float32).reshape(shape), plain];
        check(
          names.reduce((both, name) => steps[name](both, choose), start),
          axes,
        );
      }),
      { numRuns: 400 },
    );
  });

  it("stand beside numbers, arrays, new axes, dots and steps as before", () => {
    const x = mx.arange(0, 60, 1, mx.float32).reshape([4, 3, 5]);
    const rows = mx.array([2, 0], mx.int32);
    expect(x.index(null, mx.Slice(1, 3)).shape).toEqual([1, 2, 3, 5]);
    expect(x.index("...", mx.Slice(1, 3)).shape).toEqual([4, 3, 2]);
    expect(x.index(mx.Slice(1, 2), "...", null).shape).toEqual([1, 3, 5, 1]);
    expect(x.index(1, mx.Slice(0, 1)).tolist()).toEqual([[15, 16, 17, 18, 19]]);
    expect(x.index(mx.Slice(1, 3), rows).shape).toEqual([2, 2, 5]);
    expect(x.index(mx.Slice(-1, null), 0, mx.Slice(null, -3)).tolist()).toEqual([[45, 46]]);
    expect(x.index(mx.Slice(0, 4, 3), 0, 0).tolist()).toEqual([0, 45]);
    expect(x.index(mx.Slice(3, 1)).shape).toEqual([0, 3, 5]);
    expect(
      x
        .index(mx.Slice(null, null, -1))
        .index(0, 0, 0)
        .item(),
    ).toBe(45);
    expect(() => x.transpose(0, 1)).toThrow();
    expect(() => x.swapaxes(0, 7)).toThrow();
  });

  it("let gradients through", () => {
    const x = mx.arange(0, 12, 1, mx.float32).reshape([4, 3]);
    const weights = mx.arange(0, 6, 1, mx.float32).reshape([3, 2]).T;
    const metric = (y: MxArray) => mx.sum(mx.multiply(y.index(mx.Slice(1, 3)), weights));
    expect(mx.grad(metric)(x).tolist()).toEqual([
      [0, 0, 0],
      [0, 2, 4],
      [1, 3, 5],
      [0, 0, 0],
    ]);
  });
});
