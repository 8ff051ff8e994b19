/** Calls that ended the process: indices beyond an axis, and products in half precision on the CPU. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Index, type MxArray, mx, nn } from "./index.js";

const x = mx.arange(0, 12, 1, mx.float32).reshape([3, 4]);
const int = (...list: number[]) => mx.array(list, mx.int32);
/** The same numbers, computed, so that nobody knows them when they are used. */
const computed = (indices: MxArray) => mx.add(indices, mx.array(0, indices.dtype));

describe("an index that does not exist", () => {
  const uses: [string, (index: number) => unknown][] = [
    ["take", (index) => mx.take(x, int(0, index), 0)],
    ["take of a list", (index) => mx.take(x, [0, index], -1)],
    ["take of all", (index) => mx.take(x, mx.array([index], mx.int64))],
    ["take of a number", (index) => mx.take(x, index, 1)],
    ["takeAlongAxis", (index) => mx.takeAlongAxis(x, mx.array([[index]], mx.int32), 1)],
    ["index by a number", (index) => x.index(index)],
    ["index behind dots", (index) => x.index("...", index)],
    ["index by an array", (index) => x.index(mx.Slice(), int(index))],
    ["at", (index) => x.at(int(index)).add(1)],
    ["indexPut_", (index) => mx.zeros([3, 4]).indexPut_([index as Index], 1)],
  ];

  it.each(uses)("is refused: %s", (_name, use) => {
    for (const index of [12, 1e8, -13, -1e9]) {
      expect(() => use(index)).toThrow(/index: .*does not exist: the axis has places/);
    }
    expect(() => use(2)).not.toThrow();
    expect(() => use(-1)).not.toThrow();
  });

  it("becomes the nearest where it is computed", () => {
    const far = computed(int(1e8, -1e8, 1, -1));
    expect(mx.take(x, far, 0).tolist()).toEqual([2, 0, 1, 2].map((row) => x.index(row).tolist()));
    expect(x.index(far).tolist()).toEqual(mx.take(x, far, 0).tolist());
    expect(x.index(mx.Slice(), far).index(0).tolist()).toEqual([3, 0, 1, 3]);
    expect(
      mx
        .takeAlongAxis(x, mx.broadcastTo(far, [3, 4]), 1)
        .index(0)
        .tolist(),
    ).toEqual([3, 0, 1, 3]);
    expect(x.at(far).add(0).tolist()).toEqual(x.tolist());
    for (const dtype of [mx.int8, mx.uint8, mx.int16, mx.uint32, mx.int64, mx.uint64]) {
      const wide = mx.arange(0, 300, 1, mx.float32);
      expect(mx.take(wide, computed(mx.array([100, 5], dtype)), 0).tolist()).toEqual([100, 5]);
    }
  });

  it("never does more than that, whatever the shapes", () => {
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    const property = fc.property(shape, fc.integer(), fc.nat(2), (sizes, index, place) => {
      const array = mx.ones(sizes);
      const axis = place % sizes.length;
      expect(mx.sum(mx.take(array, computed(int(index, 0)), axis)).item()).toBe(
        (2 * array.size) / sizes[axis],
      );
    });
    fc.assert(property, { numRuns: 100 });
  });

  it("leaves the arrays of `at` usable", () => {
    const rows = int(0, 2);
    mx.eval(x.at(rows).add(1));
    expect(rows.tolist()).toEqual([0, 2]);
  });
});

describe("products in half precision", () => {
  const half = (...shape: number[]) => mx.ones(shape, mx.float16);
  const packed = () => mx.quantize(mx.ones([64, 512]), 64, 4);
  const products: [string, () => MxArray][] = [
    ["matmul", () => mx.matmul(half(2, 3), half(3, 2))],
    ["matmul with integers", () => mx.matmul(half(2, 3), mx.ones([3, 2], mx.int32))],
    ["addmm", () => mx.addmm(half(2), half(2, 3), half(3, 2))],
    [
      "attention",
      () =>
        mx.fast.scaledDotProductAttention(half(1, 1, 2, 4), half(1, 1, 2, 4), half(1, 1, 2, 4), 1),
    ],
    ["gatherMM", () => mx.gatherMM(half(2, 2, 3), half(2, 3, 2))],
    [
      "quantizedMatmul",
      () => {
        const [weight, scales, biases] = packed();
        const narrow = [scales, biases].map((array) => array.astype(mx.float16));
        return mx.quantizedMatmul(half(2, 512), weight, narrow[0], narrow[1], true, 64, 4);
      },
    ],
    [
      "a layer",
      () => {
        const layer = new nn.Linear(3, 2);
        layer.weight = layer.weight.astype(mx.float16);
        layer.bias = layer.bias!.astype(mx.float16);
        return layer.forward(half(2, 3));
      },
    ],
    ["a gradient", () => mx.grad((a: MxArray) => mx.sum(mx.matmul(a, half(3, 2))))(half(2, 3))],
  ];

  it.each(products)(
    "are computed in float32 on the CPU, and keep their dtype: %s",
    (_name, product) => {
      const result = product();
      mx.eval(result);
      expect(result.dtype).toBe(mx.float16);
    },
  );

  it("are right, and float32 where one side is", () => {
    const a = mx.random.normal([5, 7], mx.float32, 0, 1, mx.random.key(1)).astype(mx.bfloat16);
    const b = mx.random.normal([7, 3], mx.float32, 0, 1, mx.random.key(2));
    const wide = mx.matmul(a.astype(mx.float32), b);
    expect(mx.matmul(a, b).dtype).toBe(mx.float32);
    expect(mx.matmul(a, b).tolist()).toEqual(wide.tolist());
    const narrow = mx.matmul(a, b.astype(mx.bfloat16));
    expect(
      Number(mx.max(mx.abs(mx.subtract(narrow.astype(mx.float32), wide))).item()),
    ).toBeLessThan(0.2);
  });
});

it("the property T of an array with an axis of length 1 was misread", () => {
  const column = mx.arange(0, 5, 1, mx.float32).reshape([5, 1]);
  expect(mx.sum(column.T, 0).tolist()).toEqual([0, 1, 2, 3, 4]);
  expect(mx.softmax(mx.arange(0, 6, 1, mx.float32).reshape([1, 2, 3]).T, 0, true).shape).toEqual([
    3, 2, 1,
  ]);
});

it("compiled functions of the layers need no compiler", () => {
  expect(nn.gelu(mx.array([0])).item()).toBe(0);
});

describe("sorting and running totals", () => {
  it("of a column wrote beyond their buffer", () => {
    const table = mx.array([
      [3, 1],
      [1, 5],
      [2, 0],
    ]);
    expect(mx.argsort(table.index(mx.Slice(), 0)).tolist()).toEqual([1, 2, 0]);
    expect(mx.sort(table.index(mx.Slice(), 1)).tolist()).toEqual([0, 1, 5]);
    expect(mx.argpartition(table.index(mx.Slice(), 0), 0).index(0).item()).toBe(1);
    expect(mx.argsort(table.T, 1).tolist()).toEqual([
      [1, 2, 0],
      [2, 0, 1],
    ]);
  });

  it("of one number divided by zero", () => {
    expect(mx.cumsum(mx.array([[4]]), 1).tolist()).toEqual([[4]]);
    expect(mx.array([4]).cumsum(0).tolist()).toEqual([4]);
    expect(
      mx
        .grad((y: MxArray) => mx.prod(y))(mx.array([4]))
        .tolist(),
    ).toEqual([1]);
    expect(
      mx
        .grad((y: MxArray) => mx.sum(mx.cumsum(y, 0)))(mx.array([4]))
        .tolist(),
    ).toEqual([1]);
  });

  it("over an axis of one number divided by zero, in products' gradients above all", () => {
    const wide = mx.array([[2, 3, 5]]);
    for (const x of [
      wide,
      mx.broadcastTo(mx.array([2, 3, 5]), [1, 3]),
      mx.expandDims(wide.index(0), 0),
    ]) {
      const product = (y: MxArray) => mx.sum(mx.prod(mx.sin(y), 0, true));
      const sum = (y: MxArray) => mx.sum(mx.sin(y));
      expect(mx.grad(product)(x).tolist()).toEqual(mx.grad(sum)(x).tolist());
      expect(mx.prod(x, 0).tolist()).toEqual([2, 3, 5]);
      expect(mx.cumsum(x, 0).tolist()).toEqual([[2, 3, 5]]);
      expect(mx.cumsum(x, 1).tolist()).toEqual([[2, 5, 10]]);
    }
    expect(mx.prod(wide).item()).toBe(30);
  });

  it("of nothing divided by zero", () => {
    const empty = mx.zeros([3, 0]);
    for (const name of ["sort", "argsort", "softmax", "cumsum"] as const) {
      const result = mx[name](empty, -1);
      mx.eval(result);
      expect(result.shape, name).toEqual([3, 0]);
    }
  });
});

describe("whole numbers", () => {
  it("divided by zero give 0, and by others what they are worth", () => {
    const [above, below] = [int(7, -7, 7, 8), int(0, 0, 2, 2)];
    expect(mx.floorDivide(above, below).tolist()).toEqual([0, 0, 3, 4]);
    expect(mx.remainder(above, below).tolist()).toEqual([0, 0, 1, 0]);
    expect(mx.remainder(mx.array([1, 2]), mx.array([0, 2])).tolist()).toEqual([Number.NaN, 0]);
  });
});
