/** scale and clamp against plain arithmetic. */
import { dtypeName, InvalidArgumentError, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { clamp } from "../clamp/clamp.js";
import { ValueDtypeError } from "../errors.js";
import { counting, siteContext, values } from "../test-support.js";
import { scale } from "./scale.js";

const site = siteContext();
const halves = [mx.float16, mx.bfloat16] as const;

describe("scale", () => {
  it("multiplies every element", () => {
    const x = counting([2, 3, 4]);
    expect(values(scale(-0.5)(x, site))).toEqual(values(x).map((value) => value * -0.5));
  });

  it("leaves its input as it was", () => {
    const x = counting([2, 3]);
    scale(3)(x, site);
    expect(values(x)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each(halves)("keeps half precision %s", (dtype) => {
    const y = scale(0.5)(counting([2, 3], dtype), site);
    expect(y.dtype).toBe(dtype);
    expect(values(y)).toEqual([0.5, 1, 1.5, 2, 2.5, 3]);
  });

  it("keeps integers and refuses a fraction of them", () => {
    const indices = mx.array([1, 2, 3], mx.int32);
    const doubled = scale(2)(indices, site);
    expect([dtypeName(doubled.dtype), values(doubled)]).toEqual(["int32", [2, 4, 6]]);
    expect(() => scale(0.5)(indices, site)).toThrow(ValueDtypeError);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, "2" as unknown as number])(
    "refuses the factor %s",
    (factor) => {
      expect(() => scale(factor)).toThrow(InvalidArgumentError);
      expect(() => scale(factor)).toThrow(/factor: must be a finite number/);
    },
  );
});

describe("clamp", () => {
  it.each([
    [{ min: 2 }, [2, 2, 3, 4]],
    [{ max: 3 }, [1, 2, 3, 3]],
    [{ min: 2, max: 3 }, [2, 2, 3, 3]],
    [{ min: 2.5, max: 2.5 }, [2.5, 2.5, 2.5, 2.5]],
  ])("limits to %o", (bounds, expected) => {
    expect(values(clamp(bounds)(counting([4]), site))).toEqual(expected);
  });

  it.each(halves)("keeps half precision %s", (dtype) => {
    const y = clamp({ min: 1.5, max: 2.5 })(counting([3], dtype), site);
    expect(y.dtype).toBe(dtype);
    expect(values(y)).toEqual([1.5, 2, 2.5]);
  });

  it("refuses no bound, NaN, infinities and bounds the wrong way round", () => {
    expect(() => clamp({})).toThrow(/min, max or both/);
    expect(() => clamp({ min: Number.NaN })).toThrow(InvalidArgumentError);
    expect(() => clamp({ max: Number.POSITIVE_INFINITY })).toThrow(InvalidArgumentError);
    expect(() => clamp({ min: 2, max: 1 })).toThrow(/2 > 1/);
  });
});
