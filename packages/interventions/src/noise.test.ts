/** noise: reproducible, different between places, and of the right size. */
import { InvalidArgumentError, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { ValueDtypeError } from "./errors.js";
import { noise } from "./noise.js";
import { siteContext, values } from "./test-support.js";

const zeros = mx.zeros([8]);
const at = (changes: Parameters<typeof siteContext>[0], seed = 3) =>
  values(noise({ std: 1, seed })(zeros, siteContext(changes)));

describe("noise", () => {
  it("is the same for the same seed, site, call and step", () => {
    expect(at({})).toEqual(at({}));
    expect(at({ step: 0 })).toEqual(at({ step: undefined }));
    const one = noise({ std: 1, seed: 3 });
    expect(values(one(zeros, siteContext()))).toEqual(values(one(zeros, siteContext())));
  });

  it("differs between seeds, sites, calls and steps", () => {
    const drawn = [
      at({}),
      at({}, 4),
      at({}, 3 + 2 ** 32),
      at({ site: "layers.4" }),
      at({ call: 1 }),
      at({ step: 1 }),
      at({ call: 1, step: 1 }),
    ];
    expect(new Set(drawn.flat()).size).toBe(drawn.flat().length);
  });

  it("does not follow the global generator", () => {
    mx.random.seed(1);
    const first = at({});
    mx.random.seed(2);
    expect(at({})).toEqual(first);
  });

  it("has mean 0 and the standard deviation asked for, added to the activation", () => {
    const x = mx.full([100, 100], 5);
    const drawn = values(noise({ std: 0.5, seed: 1 })(x, siteContext()));
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
    expect(Math.abs(mean - 5)).toBeLessThan(0.02); // 4 standard errors
    expect(Math.abs(Math.sqrt(variance) - 0.5)).toBeLessThan(0.015);
  });

  it("is uncorrelated between two sites", () => {
    const draw = (site: string) =>
      values(noise({ std: 1 })(mx.zeros([10_000]), siteContext({ site })));
    const [a, b] = [draw("layers.3"), draw("layers.4")];
    const correlation = a.reduce((sum, value, index) => sum + value * b[index], 0) / a.length;
    expect(Math.abs(correlation)).toBeLessThan(0.04);
  });

  it.each([mx.float16, mx.bfloat16])("keeps %s and rounds the same noise", (dtype) => {
    const y = noise({ std: 1, seed: 3 })(mx.zeros([8], dtype), siteContext());
    expect(y.dtype).toBe(dtype);
    for (const [index, value] of values(y).entries()) {
      expect(Math.abs(value - at({})[index])).toBeLessThan(0.02);
    }
  });

  it("changes nothing with a standard deviation of 0", () => {
    expect(values(noise({ std: 0 })(mx.ones([3]), siteContext()))).toEqual([1, 1, 1]);
  });

  it("refuses a negative or infinite deviation, a seed that is no natural number, and integers", () => {
    expect(() => noise({ std: -1 })).toThrow(/negative/);
    expect(() => noise({ std: Number.POSITIVE_INFINITY })).toThrow(InvalidArgumentError);
    expect(() => noise({ std: 1, seed: -1 })).toThrow(InvalidArgumentError);
    expect(() => noise({ std: 1, seed: 0.5 })).toThrow(/whole number/);
    const indices = mx.array([1], mx.int32);
    expect(() => noise({ std: 1 })(indices, siteContext())).toThrow(ValueDtypeError);
  });
});
