/** Arrays hold the numbers that they were made of. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromFlat, mx } from "./index.js";

describe("integers", () => {
  const limits: [string, number, number][] = [
    ["int32", -(2 ** 31), 2 ** 31 - 1],
    ["uint32", 0, 2 ** 32 - 1],
    ["int64", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ["uint64", 0, Number.MAX_SAFE_INTEGER],
  ];

  it.each(limits)("of %s beyond 2^24 lost their last digits", (name, min, max) => {
    const dtype = mx[name as "int32"];
    const numbers = fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 6 });
    const property = fc.property(numbers, (list) => {
      const array = mx.array(list, dtype);
      expect(array.dtype).toBe(dtype);
      expect(
        mx
          .all(mx.equal(array, mx.array(list.toReversed(), dtype).index(mx.Slice(null, null, -1))))
          .item(),
      ).toBe(true);
      const parts = (power: number) =>
        mx.remainder(mx.floorDivide(array, mx.array(2 ** power, dtype)), mx.array(65_536, dtype));
      const part = (n: number, power: number) =>
        Number((BigInt(n) / 2n ** BigInt(power)) % 65_536n);
      if (min < 0) return;
      for (const power of [0, 16]) {
        expect(parts(power).tolist()).toEqual(list.map((n) => part(n, power)));
      }
    });
    fc.assert(property, { numRuns: 60 });
    if (max < 2 ** 33) expect(mx.array([[min], [max]], dtype).tolist()).toEqual([[min], [max]]);
    expect(mx.array(2 ** 24 + 1, dtype).item()).toBe(2 ** 24 + 1);
  });
});

describe("typed arrays", () => {
  const kinds = [
    Int8Array.of(-128, 127),
    Uint8Array.of(0, 200),
    Uint8ClampedArray.of(0, 255),
    Int16Array.of(-30_000, 30_000),
    Uint16Array.of(0, 65_535),
    Int32Array.of(-(2 ** 31), 2 ** 24 + 1),
    Uint32Array.of(0, 2 ** 32 - 1),
    Float32Array.of(0.1, -3e38),
    Float64Array.of(0.5, -2),
    BigInt64Array.of(-5n, 7n),
    BigUint64Array.of(5n, 7n),
    Buffer.from([1, 250]),
  ];

  it.each(kinds.map((data) => [data.constructor.name, data] as const))(
    "were read as other numbers: %s",
    (name, data) => {
      const numbers = Array.from(data as Int8Array, Number);
      expect(fromFlat(data, [2]).tolist()).toEqual(numbers);
      const many = Object.getPrototypeOf(data).constructor;
      const long = name === "Buffer" ? Buffer.alloc(5000, 200) : new many(5000).fill(data[1]);
      const last = fromFlat(long, [5000]).index(-1).item();
      expect(last).toBe(name === "Buffer" ? 200 : numbers[1]);
      if (!name.startsWith("Big") && name !== "Buffer") {
        expect(mx.array(data as never).tolist()).toEqual(numbers);
      }
    },
  );

  it("without a dtype are refused", () => {
    for (const wrong of [
      new DataView(new ArrayBuffer(8)),
      [1, 2],
      "12",
      null,
      new ArrayBuffer(2),
    ]) {
      expect(() => fromFlat(wrong as never, [2])).toThrow(/none of Int8Array/);
    }
  });
});

it("a proxy of a list, which the binding takes for none, is read as the list", () => {
  const watched = new Proxy([1, 2], {});
  expect(mx.array(watched).tolist()).toEqual([1, 2]);
  expect(mx.array([watched, [3, 4]], mx.int32).tolist()).toEqual([[1, 2], [3, 4]]); // biome-ignore format: one line
});

it("numbers whose memory was handed on are refused by name", () => {
  const gone = Float32Array.of(1, 2);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  for (const make of [() => mx.array(gone as never), () => fromFlat(gone, [0])]) {
    expect(make).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  }
});

it.each([
  ["lists of different lengths", [[1, 2], [3]]],
  ["large ones", [[2 ** 30, 2], [3]]],
  ["gaps", new Array(3)],
  ["text", ["a"]],
  ["nothing", undefined],
])("what has no numbers for each place is refused by name: %s", (_, given) => {
  for (const make of [() => mx.array(given as never), () => mx.array(given as never, mx.int32)]) {
    expect(make).toThrow("value: must be a number, true or false, or lists of them");
  }
  for (const dtype of ["float32", {}]) {
    expect(() => mx.array([1], dtype as never)).toThrow("dtype: must be a dtype of mx");
  }
});

it("a list that holds itself ended the process", () => {
  const list: unknown[] = [1];
  list.push([list]);
  expect(() => mx.array(list as never)).toThrow(/holds itself/);
  expect(() => mx.array(list as never, mx.int32)).toThrow(/holds itself/);
});

it("arrays are still instances of their class, however they are made", () => {
  for (const array of [mx.array(1), new mx.array([1]), mx.ones([1]), mx.array([2]).T]) {
    expect(array).toBeInstanceOf(mx.array);
  }
});
