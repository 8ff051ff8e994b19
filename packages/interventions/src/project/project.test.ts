/** project and ablateDirection against projections in double precision. */
import { InvalidArgumentError, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { ablateDirection } from "../ablate-direction/ablate-direction.js";
import { orthonormalise } from "../directions/orthonormalise.js";
import { ValueDtypeError, ValueShapeError } from "../errors.js";
import { counting, siteContext, values } from "../test-support.js";
import { project } from "./project.js";

const site = siteContext();
const rows = [
  [1, 2, 3, -4],
  [0.5, -1, 2, 0],
];

/** x along one direction: (x·d / d·d) d */
function along(x: readonly number[], d: readonly number[]): number[] {
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, value, index) => sum + value * b[index], 0);
  return d.map((value) => (dot(x, d) / dot(d, d)) * value);
}

const expectClose = (got: readonly number[], expected: readonly number[], tolerance = 1e-5) => {
  expect(got.length).toBe(expected.length);
  for (const [index, value] of got.entries()) {
    expect(Math.abs(value - expected[index])).toBeLessThan(tolerance);
  }
};

describe("project and ablateDirection", () => {
  it("split each vector into a part along the direction and the rest", () => {
    const direction = [3, 0, -4, 12];
    const x = mx.array([rows]);
    const expected = rows.flatMap((row) => along(row, direction));
    expectClose(values(project(direction)(x, site)), expected);
    const rest = rows.flat().map((value, index) => value - expected[index]);
    expectClose(values(ablateDirection(direction)(x, site)), rest);
    expectClose(values(ablateDirection(mx.array([direction]))(x, site)), rest);
  });

  it("keep the plane that several directions span, although they are not orthogonal", () => {
    const directions = [
      [1, 1, 0, 0],
      [1, 0, 0, 0],
    ];
    const x = mx.array(rows);
    expectClose(values(project(directions)(x, site)), [1, 2, 0, 0, 0.5, -1, 0, 0]);
    expectClose(values(ablateDirection(directions)(x, site)), [0, 0, 3, -4, 0, 0, 2, 0]);
  });

  it("ignore the length of a direction and one that is given twice", () => {
    const once = values(project([1, 2, 0, 0])(mx.array(rows), site));
    const twice = [
      [10, 20, 0, 0],
      [-1e-3, -2e-3, 0, 0],
    ];
    expectClose(values(project(twice)(mx.array(rows), site)), once);
  });

  it.each([mx.float16, mx.bfloat16])(
    "work in %s, where a product would end the process",
    (dtype) => {
      const x = counting([2, 3, 4], dtype);
      const y = ablateDirection(mx.array([0, 1, 0, 0], dtype))(x, site);
      expect(y.dtype).toBe(dtype);
      expect(values(y)).toEqual(values(x).map((value, index) => (index % 4 === 1 ? 0 : value)));
    },
  );

  it("name both lengths when they differ, and refuse integers", () => {
    expect(() => project([1, 2, 3])(counting([2, 4]), site)).toThrow(ValueShapeError);
    expect(() => project([1, 2, 3])(counting([2, 4]), site)).toThrow(/\[3\].*last axis, 4/);
    expect(() => project([1, 0])(mx.array([1, 2], mx.int32), site)).toThrow(ValueDtypeError);
  });

  it("refuse a zero vector, NaN and too many axes", () => {
    expect(() => project([0, 0])).toThrow(/points nowhere/);
    expect(() => ablateDirection(mx.array([Number.NaN, 1]))).toThrow(InvalidArgumentError);
    expect(() => project(mx.ones([1, 1, 2]))).toThrow(/directions, hidden/);
    expect(() => project(3 as unknown as number[])).toThrow(InvalidArgumentError);
  });
});

describe("orthonormalise", () => {
  it("gives orthogonal vectors of length 1, also for nearly parallel ones", () => {
    const basis = orthonormalise([
      [1, 0, 0],
      [1, 1e-4, 0],
      [1, 1e-4, 1e-4],
    ]);
    expect(basis.length).toBe(3);
    for (const [i, a] of basis.entries()) {
      for (const [j, b] of basis.entries()) {
        const dot = a.reduce((sum, value, index) => sum + value * b[index], 0);
        expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-14);
      }
    }
  });

  it("leaves out what depends on earlier vectors", () => {
    expect(
      orthonormalise([
        [1, 1],
        [2, 2],
        [0, 1],
        [5, 3],
      ]).length,
    ).toBe(2);
  });
});
