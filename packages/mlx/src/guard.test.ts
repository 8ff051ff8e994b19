/** Half precision is refused on the CPU, where it rounds and gains nothing. */
import { describe, expect, it } from "vitest";
import { mx } from "./binding.js";
import { UnsupportedDtypeError } from "./errors.js";
import { deviceName, dtypeName, guardDtype, isArray, isFloating } from "./guard.js";

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
