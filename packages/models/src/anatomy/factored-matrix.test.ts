/** Factored matrices against the plain product. */
import { mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { maxDifference } from "../test-support/reference.js";
import { FactoredMatrix } from "./factored-matrix.js";

const random = (rows: number, columns: number, seed: number) =>
  mx.random.normal([rows, columns], mx.float32, 0, 1, mx.random.key(seed));

describe.each([
  ["tall", 9, 3, 7],
  ["square", 4, 4, 4],
  ["of a rank beyond its size", 3, 6, 5],
])("a factored matrix that is %s", (_, rows, rank, columns) => {
  const matrix = new FactoredMatrix(random(rows, rank, 1), random(rank, columns, 2));
  const product = mx.matmul(matrix.A, matrix.B);

  it("is the product of its factors", () => {
    expect(matrix.shape).toEqual([rows, columns]);
    expect(maxDifference(matrix.product(), product)).toBe(0);
    const x = random(2, rows, 3);
    expect(maxDifference(matrix.apply(x), mx.matmul(x, product))).toBeLessThan(1e-4);
  });

  it("has the product's norm", () => {
    expect(matrix.norm()).toBeCloseTo(Number(mx.sqrt(mx.sum(mx.square(product))).item()), 4);
  });

  it("has the product's singular values, and vectors that give it back", () => {
    const { U, S, Vt } = matrix.svd();
    const count = Math.min(rows, rank, columns);
    expect([U.shape, S.shape, Vt.shape]).toEqual([[rows, count], [count], [count, columns]]);
    const expected = mx.linalg.svd(product)[1].index(mx.Slice(0, count));
    expect(maxDifference(S, expected)).toBeLessThan(1e-4);
    const again = mx.matmul(mx.multiply(U, S), Vt);
    expect(maxDifference(again, product)).toBeLessThan(1e-4);
    expect(maxDifference(mx.matmul(U.T, U), mx.eye(count))).toBeLessThan(1e-5);
    expect(maxDifference(mx.matmul(Vt, Vt.T), mx.eye(count))).toBeLessThan(1e-5);
  });
});

it("has orthonormal vectors where columns nearly agree", () => {
  const column = random(50, 1, 4);
  const A = mx.add(mx.broadcastTo(column, [50, 6]), mx.multiply(random(50, 6, 5), 1e-4));
  const { U, S, Vt } = new FactoredMatrix(A, random(6, 40, 6)).svd();
  expect(maxDifference(mx.matmul(U.T, U), mx.eye(6))).toBeLessThan(1e-5);
  const again = mx.matmul(mx.multiply(U, S), Vt);
  expect(maxDifference(again, mx.matmul(A, random(6, 40, 6)))).toBeLessThan(1e-4);
});

it("has the singular values of a matrix of zeros", () => {
  const { U, S } = new FactoredMatrix(mx.zeros([5, 2]), mx.zeros([2, 4])).svd();
  expect([...toFlat(S)]).toEqual([0, 0]);
  expect([...toFlat(U)].every(Number.isFinite)).toBe(true);
});

it("has the norm and values of a matrix known beforehand", () => {
  const matrix = new FactoredMatrix(mx.array([[3], [4]]), mx.array([[2, 0, 0]])); // |(3, 4)| · |2|
  expect(matrix.norm()).toBeCloseTo(10);
  expect([...toFlat(matrix.svd().S)][0]).toBeCloseTo(10);
});

describe("matrices at which LAPACK's iteration ended the process", () => {
  const ones = (rows: number, columns: number) => mx.ones([rows, columns]);

  it.each([
    ["of equal numbers", ones(3, 2), mx.ones([2, 2], mx.float16), [2 * Math.sqrt(6), 0]],
    ["of equal numbers, wide", ones(2, 2), ones(2, 5), [Math.sqrt(10) * 2, 0]],
    [
      "of one direction",
      mx.array([
        [1, 2],
        [2, 4],
      ]),
      mx.eye(2),
      [5, 0],
    ],
    ["of rank beyond its size", ones(2, 4), ones(4, 3), [4 * Math.sqrt(6), 0]],
  ])("%s", (_, A, B, expected) => {
    const { U, S, Vt } = new FactoredMatrix(A, B).svd();
    for (const [index, value] of [...toFlat(S)].entries()) {
      expect(value).toBeCloseTo(expected[index], 4);
    }
    expect(maxDifference(mx.matmul(mx.multiply(U, S), Vt), mx.matmul(A, B))).toBeLessThan(1e-4);
    expect(maxDifference(mx.matmul(Vt, Vt.T), mx.eye(2))).toBeLessThan(1e-5);
  });

  it("refuses what has no singular values", () => {
    const broken = new FactoredMatrix(mx.array([[Number.NaN, 1]]), ones(2, 2));
    expect(() => broken.svd()).toThrow(/not finite/);
    expect(() => broken.svd()).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
