/** Matrices on the host against what their definitions say, entry by entry. */
import { expect, it } from "vitest";
import { transposed, transposedProduct } from "./columns.js";

const matrix = (rows: number, count: number) => ({
  ...{ rows, count },
  values: Float64Array.from({ length: rows * count }, (_, at) => Math.sin(at * 1.7) * (at % 13)),
});

it.each([
  [1, 1],
  [3, 70],
  [70, 3],
  [33, 65],
  [0, 4],
  [64, 32],
])("columns of %i × %i are turned, and multiplied with themselves and others", (rows, count) => {
  const own = matrix(rows, count);
  const turned = transposed(own);
  expect([turned.rows, turned.count]).toEqual([count, rows]);
  const at = (row: number, column: number) => own.values[column * rows + row];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < count; column++) {
      expect(turned.values[row * count + column]).toBe(at(row, column));
    }
  }
  const copy = { ...own }; // what is not the same matrix is multiplied entry by entry
  expect(transposedProduct(own, own)).toEqual(transposedProduct(own, copy));
});
