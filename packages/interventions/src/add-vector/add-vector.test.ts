/** addVector against plain arithmetic. */
import { InvalidArgumentError, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { ValueDtypeError, ValueShapeError } from "../errors.js";
import { counting, siteContext, values } from "../test-support.js";
import { addVector } from "./add-vector.js";

const site = siteContext();

describe("addVector", () => {
  it("adds along the last axis, the same at every position", () => {
    const x = counting([2, 3, 4]);
    const vector = [10, 20, 30, 40];
    const expected = values(x).map((value, index) => value + vector[index % 4]);
    expect(values(addVector(vector)(x, site))).toEqual(expected);
    expect(values(addVector(mx.array(vector))(x, site))).toEqual(expected);
  });

  it("takes numbers as typed arrays have them, such as toFlat gives, and does not see later changes", () => {
    const expected = values(addVector([10, 20, -30])(counting([2, 3]), site));
    const kinds = [Float32Array, Float64Array, Int32Array, Int16Array, Int8Array];
    for (const Kind of kinds) {
      const vector = Kind.from([10, 20, -30]);
      const add = addVector(vector);
      vector[0] = 99;
      expect(values(add(counting([2, 3]), site)), Kind.name).toEqual(expected);
    }
    const big = addVector(BigInt64Array.from([10n, 20n, -30n]));
    expect(values(big(counting([2, 3]), site))).toEqual(expected);
    const fractions = addVector(Float32Array.of(0.5, -1), { scale: 2 });
    expect(values(fractions(mx.zeros([2]), site))).toEqual([1, -2]);
    expect(() => addVector(Float32Array.of(1, Number.NaN))).toThrow(/must hold numbers, not NaN/);
    expect(() => addVector(new Float32Array())).toThrow(/at least one/);
    expect(() => addVector(new DataView(new ArrayBuffer(8)) as never)).toThrow(
      InvalidArgumentError,
    );
  });

  it("multiplies the vector by its scale first", () => {
    const y = addVector([1, 2], { scale: -0.5 })(mx.zeros([3, 2]), site);
    expect(values(y)).toEqual([-0.5, -1, -0.5, -1, -0.5, -1]);
    const half = addVector(mx.array([1, 2], mx.float16), { scale: 3 })(mx.zeros([2]), site);
    expect(values(half)).toEqual([3, 6]);
  });

  it.each([mx.float16, mx.bfloat16])("keeps the dtype of the activation, %s", (dtype) => {
    const y = addVector([1, 2])(counting([2, 2], dtype), site);
    expect(y.dtype).toBe(dtype);
    expect(values(y)).toEqual([2, 4, 4, 6]);
    const wide = addVector(mx.array([1, 2], dtype))(counting([2, 2]), site);
    expect(wide.dtype).toBe(mx.float32);
  });

  it("does not see later changes of the caller's vector", () => {
    const list = [1, 2];
    const array = mx.array([1, 2]);
    const [byList, byArray] = [addVector(list), addVector(array)];
    list[0] = 100;
    array.indexPut_(0, 100);
    expect(values(byList(mx.zeros([2]), site))).toEqual([1, 2]);
    expect(values(byArray(mx.zeros([2]), site))).toEqual([1, 2]);
  });

  it("names the site and both lengths when they differ", () => {
    const wrong = () => addVector([1, 2, 3])(counting([2, 4]), site);
    expect(wrong).toThrow(ValueShapeError);
    expect(wrong).toThrow(/"layers\.3".*\[3\].*\[2, 4\].*last axis, 4/);
  });

  it("refuses fractions at a site of integers", () => {
    const indices = mx.array([1, 2], mx.int32);
    expect(() => addVector([0.5, 1])(indices, site)).toThrow(ValueDtypeError);
    expect(values(addVector([2, 1])(indices, site))).toEqual([3, 3]);
  });

  it("refuses what is not one axis of finite numbers", () => {
    expect(() => addVector([[1, 2]] as unknown as number[])).toThrow(/one axis/);
    expect(() => addVector(mx.zeros([2, 2]))).toThrow(/one axis/);
    expect(() => addVector([])).toThrow(InvalidArgumentError);
    expect(() => addVector([1, Number.POSITIVE_INFINITY])).toThrow(InvalidArgumentError);
    expect(() => addVector([1], { scale: Number.NaN })).toThrow(/scale/);
  });
});
