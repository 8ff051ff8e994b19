/** The check of values that overflow where they are kept: what it finds, and dtypes that are none. */
import { mx } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { DtypeOverflowError } from "./errors.js";
import { largestCast, requireHeld } from "./overflow.js";

it("finds the largest finite size where the dtype is narrower", () => {
  const value = mx.array([1, -70_000, Number.POSITIVE_INFINITY]);
  const largest = largestCast(value, "float16");
  expect(largest?.item()).toBe(70_000);
  expect(largestCast(value, "float32")).toBeUndefined();
  expect(largestCast(value, undefined)).toBeUndefined();
  expect(() => requireHeld("layers.0", "float16", largest as never)).toThrow(DtypeOverflowError);
});

it.each([
  ["float17"],
  [[Symbol("inside")]],
  [Object.create(null)],
  [new Proxy({}, { get: () => 7 })],
])("refuses a dtype that is none, whatever it is: %#", (dtype: unknown) => {
  const refusal = expect.objectContaining({ code: "INVALID_ARGUMENT", argument: "dtype" });
  expect(() => largestCast(mx.ones([2]), dtype as string)).toThrow(refusal);
  expect(() => requireHeld("layers.0", dtype as string, mx.array(3))).toThrow(refusal);
});

it("refuses a site that is no name", () => {
  expect(() => requireHeld(Symbol("site") as never, "float16", mx.array(9e4))).toThrow(
    "site: must be a string",
  );
});
