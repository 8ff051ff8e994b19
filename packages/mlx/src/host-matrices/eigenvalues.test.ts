/** Eigenvalues against matrices whose eigenvalues are known, and against traces of powers. */
import { expect, it } from "vitest";
import { uniformNumbers } from "../uniform-numbers.js";
import { eigenvalues } from "./eigenvalues.js";

function product(size: number, a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      for (let k = 0; k < size; k++) result[i * size + j] += a[i * size + k] * b[k * size + j];
  return result;
}

const trace = (size: number, a: Float64Array) =>
  Array.from({ length: size }, (_, index) => a[index * (size + 1)]).reduce((x, y) => x + y, 0);

it("finds the roots of a polynomial from its companion matrix", () => {
  // (x − 3)(x + 2)(x² + 1) = x⁴ − x³ − 5x² − x − 6
  const companion = Float64Array.from([1, 5, 1, 6, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]);
  const { real, imaginary } = eigenvalues(4, companion);
  const found = [...real].map((re, index) => [re, imaginary[index]]);
  found.sort(([a, b], [c, d]) => a - c || b - d);
  const expected = [
    [-2, 0],
    [0, -1],
    [0, 1],
    [3, 0],
  ];
  for (const [index, pair] of expected.entries()) {
    expect(found[index][0]).toBeCloseTo(pair[0], 10);
    expect(found[index][1]).toBeCloseTo(pair[1], 10);
  }
});

it.each([1, 2, 3, 7, 24, 64])("has the traces of all powers of a matrix of %i rows", (size) => {
  const random = uniformNumbers(size);
  const matrix = Float64Array.from(
    { length: size * size },
    () => (random() - 0.5) / Math.sqrt(size),
  );
  const { real, imaginary } = eigenvalues(size, matrix);
  let power: Float64Array = matrix;
  let [re, im]: Float64Array[] = [real, imaginary];
  for (let exponent = 1; exponent < 6; exponent++) {
    expect(re.reduce((a, b) => a + b, 0)).toBeCloseTo(trace(size, power), 9);
    expect(im.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
    power = product(size, power, matrix);
    const next = re.map((value, index) => value * real[index] - im[index] * imaginary[index]);
    im = im.map((value, index) => value * real[index] + re[index] * imaginary[index]);
    re = next;
  }
});

it("does not circle on permutations, defective blocks and zeros", () => {
  const cycle = Float64Array.from([0, 0, 1, 1, 0, 0, 0, 1, 0]);
  const { real, imaginary } = eigenvalues(3, cycle);
  for (let index = 0; index < 3; index++) {
    expect(Math.hypot(real[index], imaginary[index])).toBeCloseTo(1, 10);
  }
  const jordan = Float64Array.from([2, 1, 0, 0, 2, 1, 0, 0, 2]);
  for (const value of eigenvalues(3, jordan).real) expect(value).toBeCloseTo(2, 4);
  expect([...eigenvalues(2, new Float64Array(4)).real]).toEqual([0, 0]);
  expect(eigenvalues(0, new Float64Array(0)).real).toHaveLength(0);
});
