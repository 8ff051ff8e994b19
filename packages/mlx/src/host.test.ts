/** Numbers go to the device and come back as they were: small and large, in every layout and dtype. */
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mx } from "./binding.js";
import { InvalidArgumentError } from "./errors.js";
import { fromFlat, toFlat } from "./host.js";
import { scratchFolder, withScratchFile } from "./scratch.js";

const large = 5000; // beyond this, arrays travel through a file
const counted = (length: number) => Float32Array.from({ length }, (_, index) => index);

describe("there and back", () => {
  it("any floats come back bit for bit", () => {
    const floats = fc.float32Array({ maxLength: 40 });
    fc.assert(
      fc.property(floats, fc.boolean(), (some, long) => {
        const data = long
          ? Float32Array.from({ length: large }, (_, i) => some[i % some.length] ?? 0)
          : some;
        expect(toFlat(fromFlat(data, [data.length]))).toEqual(data);
      }),
      { numRuns: 60 },
    );
  });

  it("any integers come back exactly, though lists pass through float32", () => {
    const integers = fc.int32Array({ maxLength: 40 });
    fc.assert(
      fc.property(integers, fc.boolean(), (some, long) => {
        const data = long
          ? Int32Array.from({ length: large }, (_, i) => some[i % some.length] ?? 0)
          : some;
        expect(toFlat(fromFlat(data, [data.length]))).toEqual(data);
      }),
      { numRuns: 60 },
    );
    const edges = Int32Array.from([2 ** 24 + 1, 2 ** 31 - 1, -(2 ** 31)]);
    expect(toFlat(fromFlat(edges, [3]))).toEqual(edges);
    const unsigned = Uint32Array.from([2 ** 32 - 1, 2 ** 31 + 1, 7]);
    expect(fromFlat(unsigned, [3], mx.uint32).tolist()).toEqual([...unsigned]);
  });

  it.each([[[]], [[1]], [[0]], [[0, 3]], [[2, 0, 2]], [[2, 3]], [[50, 100]], [[1, 5000, 1]]])(
    "keeps the shape %j",
    (shape) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const array = fromFlat(counted(count), shape);
      expect(array.shape).toEqual(shape);
      expect(toFlat(array)).toEqual(counted(count));
    },
  );

  it("takes a part of a larger buffer", () => {
    const part = counted(20_000).subarray(3, 3 + large);
    expect(toFlat(fromFlat(part, [large]))).toEqual(part.slice());
  });
});

describe("an array of another layout", () => {
  const grid = fromFlat(counted(200 * 100), [200, 100]);
  const row = fromFlat(counted(20_000), [20_000]);
  const line = (from: number, step: number, length: number) =>
    Float32Array.from({ length }, (_, index) => from + step * index);

  it("comes row by row when it is transposed or cut", () => {
    expect(toFlat(grid.T).slice(0, 200)).toEqual(line(0, 100, 200));
    expect(toFlat(grid.index(mx.Slice(), mx.Slice(10, 60))).slice(48, 52)).toEqual(
      Float32Array.from([58, 59, 110, 111]),
    );
    expect(toFlat(grid.index(mx.Slice(), mx.Slice(7, 8)))).toEqual(line(7, 100, 200));
  });

  it("comes in order when it has one axis with gaps, reversed or repeated", () => {
    expect(toFlat(row.index(mx.Slice(null, null, 2)))).toEqual(line(0, 2, 10_000));
    expect(toFlat(row.index(mx.Slice(null, null, -1)))).toEqual(line(19_999, -1, 20_000));
    expect(toFlat(mx.broadcastTo(mx.array(7), [large]))).toEqual(line(7, 0, large));
    expect(toFlat(mx.broadcastTo(mx.array([7]), [2, large]))).toEqual(line(7, 0, 2 * large));
  });
});

describe("an array of another dtype", () => {
  it.each([10, large])("becomes float32 or int32 (%i elements)", (length) => {
    for (const dtype of [mx.float16, mx.bfloat16]) {
      expect(toFlat(mx.full([length], 1.5, dtype))).toEqual(new Float32Array(length).fill(1.5));
    }
    for (const dtype of [mx.bool, mx.uint8, mx.int8, mx.int64, mx.uint32]) {
      expect(toFlat(mx.ones([length], dtype))).toEqual(new Int32Array(length).fill(1));
    }
  });

  it.each([10, large])("is made when it is asked for (%i elements)", (length) => {
    for (const dtype of [mx.float16, mx.int8, mx.bool, mx.int64]) {
      const array = fromFlat(new Float32Array(length).fill(1), [length], dtype);
      expect([array.dtype, array.size]).toEqual([dtype, length]);
      expect(toFlat(array)[length - 1]).toBe(1);
    }
    expect(fromFlat(new Int32Array(length), [length]).dtype).toBe(mx.int32);
    expect(fromFlat(new Uint32Array(length), [length]).dtype).toBe(mx.uint32);
  });

  it("is refused where it does not fit", () => {
    expect(() => toFlat(mx.ones([2]).astype(mx.complex64))).toThrow(InvalidArgumentError);
  });
});

describe("counts that do not match", () => {
  it.each([[[3]], [[2, 3]], [[-2, -2]], [[1.5]], [[Number.NaN]], [[]]])(
    "are refused: 4 numbers for %j",
    (shape) => {
      expect(() => fromFlat(new Float32Array(4), shape)).toThrow(InvalidArgumentError);
      expect(() => fromFlat(new Float32Array(4), shape)).toThrow(/4 numbers do not fill the shape/);
    },
  );
});

describe("temporary files", () => {
  const leftovers = () =>
    [scratchFolder(0), tmpdir()].flatMap((folder) =>
      readdirSync(folder).filter((name) => name.startsWith(`mlxterp-${process.pid}`)),
    );

  it("are gone afterwards, also after a failure", () => {
    toFlat(fromFlat(counted(large), [large]));
    expect(() =>
      withScratchFile(10, () => {
        throw new Error("stop here");
      }),
    ).toThrow("stop here");
    expect(leftovers()).toEqual([]);
  });

  it("go to the disk where memory has no room or no folder for them", () => {
    expect(scratchFolder(2 ** 60)).toBe(tmpdir());
    expect(scratchFolder(1, "/no/such/folder")).toBe(tmpdir());
  });
});
