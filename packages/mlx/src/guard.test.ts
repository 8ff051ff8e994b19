/** Half precision is refused on the CPU, where it rounds and gains nothing. */
import { describe, expect, it } from "vitest";
import { mx } from "./binding.js";
import { UnsupportedDtypeError } from "./errors.js";
import { deviceName, dtypeName, guardDtype, isArray, isFloating } from "./guard.js";
import { fromFlat } from "./host.js";
import { evaluateNow } from "./memory.js";
import { sliceForProduct } from "./slice-for-product.js";
import { hasEnded, isTemporaryName } from "./temporary-name.js";
import { openTensors } from "./tensor-files.js";
import { readTensorHeader } from "./tensor-header.js";
import { uniformNumbers } from "./uniform-numbers.js";

describe.skipIf(deviceName() !== "cpu")("on the CPU", () => {
  it("refuses half precision, and lets everything else pass", () => {
    for (const dtype of [mx.float16, mx.bfloat16]) {
      expect(() => guardDtype(mx.ones([2], dtype), "x")).toThrow(UnsupportedDtypeError);
    }
    for (const dtype of [mx.float32, mx.int32, mx.uint8, mx.bool]) {
      expect(() => guardDtype(mx.ones([2], dtype), "x")).not.toThrow();
    }
  });
});

describe("what an array is", () => {
  it("is told by its class and its dtype", () => {
    expect(isArray(mx.array(1))).toBe(true);
    for (const other of [1, [1], null, undefined, {}, new Float32Array(1)]) {
      expect(isArray(other)).toBe(false);
    }
    expect([mx.float32, mx.int8, mx.bool, mx.bfloat16].map(dtypeName)).toEqual([
      "float32",
      "int8",
      "bool",
      "bfloat16",
    ]);
    expect([mx.float16, mx.bfloat16, mx.float32].every(isFloating)).toBe(true);
    expect([mx.int32, mx.uint8, mx.bool].some(isFloating)).toBe(false);
  });
});

/** Each ended in an error of JavaScript, and a slice by a number ended the process. */
it.each<[string, () => unknown]>([
  ["a list of arrays with a gap", () => evaluateNow([undefined as never])],
  ["a list of nothing but gaps", () => evaluateNow(new Array(2))],
  ["no list of arrays", () => evaluateNow(undefined as never)],
  ["a shape that is a number", () => fromFlat(Float32Array.of(1), 1 as never)],
  ["a writer that is nobody", () => hasEnded(undefined as never)],
  ["going through a single number", () => [...(mx.array(3) as unknown as Iterable<unknown>)]],
  ["a name that is a symbol", () => isTemporaryName(Symbol("name") as never)],
  ["a path that answers everything with 7", () => readTensorHeader(new Proxy({}, { get: () => 7 }) as never)],
  ["a dtype that is a symbol", () => dtypeName([Symbol("dtype")] as never)],
  ["a dtype that is a name", () => dtypeName("mx.float32" as never)],
  ["a seed that is a symbol", () => uniformNumbers(Symbol("seed") as never)],
  ["a seed of another kind of number", () => uniformNumbers(7n as never)],
  ["a seed that is none", () => uniformNumbers(Number.NaN)],
  ["a file that is a symbol", () => openTensors(Symbol("file") as never)],
  ["a slice that is a place", () => sliceForProduct(mx.ones([3, 3]), 1e9 as never)],
  ["a slice by halves", () => sliceForProduct(mx.ones([3, 3]), { start: 0.5, stop: 2, step: null })],
  ["a slice beyond 32 bits", () => sliceForProduct(mx.ones([3, 3]), { start: 0, stop: 2 ** 32 + 1, step: null })],
  ["a slice without a step", () => sliceForProduct(mx.ones([3, 3]), mx.Slice(0, 2, 0))],
])("%s is refused", (_, call) => {
  expect(call).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
}); // biome-ignore format: a table
