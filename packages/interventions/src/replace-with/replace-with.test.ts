/** zeroOut and replaceWith: shapes, dtypes, and whose array is whose. */
import { InvalidArgumentError, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { ValueDtypeError, ValueShapeError } from "../errors.js";
import { counting, siteContext, values } from "../test-support.js";
import { zeroOut } from "../zero-out/zero-out.js";
import { replaceWith } from "./replace-with.js";

const site = siteContext();
const dtypes = [mx.float32, mx.float16, mx.bfloat16, mx.int32] as const;

describe("zeroOut", () => {
  it.each(dtypes)("gives zeros of the shape and dtype %s", (dtype) => {
    const y = zeroOut()(counting([2, 3], dtype), site);
    expect([y.dtype, y.shape, values(y)]).toEqual([dtype, [2, 3], [0, 0, 0, 0, 0, 0]]);
  });

  it("turns NaN and infinities into zeros too", () => {
    const y = zeroOut()(mx.array([Number.NaN, Number.NEGATIVE_INFINITY]), site);
    expect(values(y)).toEqual([0, 0]);
  });
});

describe("replaceWith", () => {
  it.each(dtypes)("fills with a number in the dtype %s", (dtype) => {
    const y = replaceWith(7)(counting([2, 2], dtype), site);
    expect([y.dtype, y.shape, values(y)]).toEqual([dtype, [2, 2], [7, 7, 7, 7]]);
  });

  it("broadcasts over axes that are missing or of length one", () => {
    const x = counting([2, 2, 3]);
    expect(values(replaceWith([1, 2, 3])(x, site))).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
    expect(values(replaceWith([[1], [2]])(x, site))).toEqual([1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
    expect(values(replaceWith(mx.negative(x))(x, site))).toEqual(values(x).map((value) => -value));
  });

  it.each([
    [[1, 2]],
    [
      [
        [1, 2, 3],
        [1, 2, 3],
        [1, 2, 3],
      ],
    ],
    [[[[[1]]]]],
  ])("refuses %o, which does not broadcast", (value) => {
    const wrong = () => replaceWith(value)(counting([2, 2, 3]), site);
    expect(wrong).toThrow(ValueShapeError);
    expect(wrong).toThrow(/"layers\.3".*\[2, 2, 3\]/);
  });

  it("accepts negative infinity, for attention scores", () => {
    const y = replaceWith(Number.NEGATIVE_INFINITY)(counting([2], mx.float16), site);
    expect(values(y)).toEqual([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  it("refuses NaN, irregular rows, empty lists, and fractions among integers", () => {
    expect(() => replaceWith(Number.NaN)).toThrow(InvalidArgumentError);
    expect(() => replaceWith([[1, 2], [3]])).toThrow(/nested as \[2, 2\]/);
    expect(() => replaceWith([])).toThrow(/at least one/);
    expect(() => replaceWith(mx.array([1], mx.complex64))).toThrow(/real/);
    const indices = mx.array([1, 2], mx.int32);
    expect(() => replaceWith(0.5)(indices, site)).toThrow(ValueDtypeError);
    expect(() => replaceWith(mx.zeros([2]))(indices, site)).toThrow(/float32 cannot become int32/);
  });

  it("regression: handed back the caller's array, so that an assignment in place corrupted it", () => {
    const mine = counting([4]);
    const replace = replaceWith(mine);
    const first = replace(mx.zeros([4]), site);
    expect(first === mine).toBe(false);
    first.indexPut_(0, 99);
    expect(values(mine)).toEqual([1, 2, 3, 4]);
    expect(values(replace(mx.zeros([4]), site))).toEqual([1, 2, 3, 4]);
    mine.indexPut_(0, -1);
    expect(values(replace(mx.zeros([4]), site))).toEqual([1, 2, 3, 4]);
  });

  it("regression: a zeroed result changed in place did not stay out of the next one", () => {
    const zero = zeroOut();
    zero(counting([3]), site).indexPut_(0, 5);
    expect(values(zero(counting([3]), site))).toEqual([0, 0, 0]);
  });
});
