/** Eigenvalues of symmetric matrices against closed forms, and against what they must put together again. */
import { describe, expect, it } from "vitest";
import { uniformNumbers } from "../uniform-numbers.js";
import { type Columns, product, transposed, transposedProduct } from "./columns.js";
import { symmetricEigenvalues } from "./symmetric-eigenvalues.js";

function symmetric(size: number, of: (row: number, column: number) => number): Columns {
  const values = Float64Array.from({ length: size * size }, (_, at) => {
    const [a, b] = [Math.floor(at / size), at % size];
    return of(Math.min(a, b), Math.max(a, b));
  });
  return { rows: size, count: size, values };
}

const largest = (values: Float64Array) => values.reduce((most, one) => Math.max(most, Math.abs(one)), 0); // biome-ignore format: one line

function apart(a: Columns, b: Columns): number {
  return largest(a.values.map((value, at) => value - b.values[at]));
}

/** How far vectors are from being orthonormal, and from the matrix. */
function errors(matrix: Columns) {
  const { values, vectors } = symmetricEigenvalues(matrix);
  const scaled = { ...vectors, values: vectors.values.map((one, at) => one * values[Math.floor(at / vectors.rows)]) }; // biome-ignore format: one line
  const identity = symmetric(matrix.count, (a, b) => Number(a === b));
  return {
    off: apart(transposedProduct(vectors, vectors), identity),
    rest: apart(product(scaled, transposed(vectors)), matrix),
    only: largest(symmetricEigenvalues(matrix, false).values.map((one, at) => one - values[at])),
  };
}

describe("symmetricEigenvalues", () => {
  it("are those of a chain of springs", () => {
    const size = 40;
    const chain = symmetric(size, (a, b) => (a === b ? 2 : b - a === 1 ? -1 : 0));
    const { values } = symmetricEigenvalues(chain);
    for (const [at, value] of values.entries()) {
      const expected = 2 - 2 * Math.cos((Math.PI * (size - at)) / (size + 1));
      expect(value).toBeCloseTo(expected, 12);
    }
  });

  it.each([1, 2, 3, 5, 17, 60])("put a matrix of %i rows together again", (size) => {
    const random = uniformNumbers(size);
    const matrix = symmetric(size, () => 0);
    for (let a = 0; a < size; a++) {
      for (let b = 0; b <= a; b++) {
        matrix.values[a * size + b] = random() - 0.5;
        matrix.values[b * size + a] = matrix.values[a * size + b];
      }
    }
    const { off, rest, only } = errors(matrix);
    expect(Math.max(off, rest, only)).toBeLessThan(1e-13 * size);
  });

  it("of zeros, of equal values, of low rank, and of numbers of every size", () => {
    const vector = Float64Array.from({ length: 12 }, (_, at) => 10 ** (at - 6));
    const matrices = [
      symmetric(4, () => 0),
      symmetric(5, (a, b) => (a === b ? 7 : 0)),
      symmetric(6, () => 1),
      symmetric(12, (a, b) => vector[a] * vector[b]),
      symmetric(12, (a, b) => (a === b ? vector[a] ** 3 : 1e-9)),
    ];
    for (const matrix of matrices) {
      const { off, rest } = errors(matrix);
      expect(off).toBeLessThan(1e-13);
      expect(rest).toBeLessThanOrEqual(1e-14 * 12 * largest(matrix.values));
    }
    expect(symmetricEigenvalues(symmetric(6, () => 1)).values[0]).toBeCloseTo(6, 12);
  });

  it("refuse what is not finite", () => {
    expect(() => symmetricEigenvalues(symmetric(3, () => Number.NaN))).toThrow("finite");
  });
});
