/** Values of options: what numbers and functions must be, and messages that no value can break. */
import { describe, expect, it } from "vitest";
import {
  brief,
  checkFinite,
  checkFunction,
  checkNumbers,
  InvalidArgumentError,
  largestFloat32,
} from "./index.js";

describe("checkFinite: numbers that float32 holds only as infinity were taken", () => {
  it.each([0, -0, 1, -2.5, 1e38, 5e-324, largestFloat32, -largestFloat32])(
    "accepts %d",
    (value) => {
      expect(checkFinite("factor", value)).toBe(value);
    },
  );

  it.each([1e39, -1e39, 1e308, -1e308, 2 ** 128, largestFloat32 * (1 + 2 ** -24)])(
    "refuses %d, and says what the limit is",
    (value) => {
      const check = () => checkFinite("factor", value);
      expect(check).toThrow(`factor: ${value} is beyond what float32 can hold, ±3.40e+38.`);
      expect(check).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", value }));
    },
  );

  it("accepts what rounds to the largest number that float32 has", () => {
    expect(Math.fround(largestFloat32 * (1 + 2 ** -26))).toBe(largestFloat32);
    checkFinite("factor", largestFloat32 * (1 + 2 ** -26));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, "1", 1n, null])("refuses %s", (value) => {
    expect(() => checkFinite("factor", value)).toThrow("factor: must be a finite number, not ");
  });
});

describe("checkFunction", () => {
  it("accepts what can be called, and refuses a class, which threw when it was called", () => {
    checkFunction("metric", () => 1);
    checkFunction("metric", async () => 1);
    checkFunction("metric", Math.max);
    checkFunction("metric", { classify: () => 1 }.classify);
    expect(() => checkFunction("metric", class {})).toThrow(
      "metric: must be a function, not a class.",
    );
    expect(() => checkFunction("metric", class Named {})).toThrow(InvalidArgumentError);
  });
});

describe("messages", () => {
  it("are made of any value, and of any name of an argument, without running what they bring along", () => {
    const bare = Object.create(null) as never;
    for (const value of [Symbol("odd"), bare, [Symbol("inside")], 7n, () => 1, Number.NaN]) {
      expect(brief(value)).toMatch(/./);
      const { message } = new InvalidArgumentError(value as never, value, "must be named.");
      expect(message).toBe(`${brief(value)}: must be named.`);
    }
  });
});

describe("checkNumbers", () => {
  it("refuses numbers whose memory was handed on, and takes those that are none", () => {
    const gone = Float32Array.of(1, 2);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(() => checkNumbers("values", gone)).toThrow("values: its memory was handed to somebody");
    for (const none of [new Float32Array(0), [], new Int32Array(new SharedArrayBuffer(0))]) {
      checkNumbers("values", none);
    }
  });
});
