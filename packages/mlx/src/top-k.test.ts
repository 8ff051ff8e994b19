/** The k largest entries, against sorting on the host. */
import { describe, expect, it } from "vitest";
import { mx } from "./binding.js";
import { toFlat } from "./host.js";
import { topK } from "./top-k.js";

function onHost(row: number[], k: number): { values: number[]; indices: number[] } {
  const order = row.map((_, index) => index).sort((a, b) => row[b] - row[a]);
  const indices = order.slice(0, k);
  return { values: indices.map((index) => row[index]), indices };
}

describe("topK", () => {
  it.each([
    [3, 3],
    [128, 1],
    [300, 5],
    [1000, 1],
    [1000, 4],
    [2048, 8],
    [5003, 10],
  ])("finds the same as a sort in rows of %i, k = %i", (columns, k) => {
    const x = mx.random.normal([7, columns], mx.float32, 0, 1, mx.random.key(columns));
    const { values, indices } = topK(x, k);
    const rows = x.tolist() as number[][];
    const expected = rows.map((row) => onHost(row, k));
    expect([...toFlat(indices)]).toEqual(expected.flatMap((row) => row.indices));
    expect([...toFlat(values)]).toEqual(expected.flatMap((row) => row.values));
  });

  it("reads rows that lie otherwise in memory, and leaves out what is not a number of the row", () => {
    const x = mx.random.normal([1003, 5], mx.float32, 0, 1, mx.random.key(1));
    const columns = toFlat(mx.transpose(x).reshape([5, 1003]).astype(mx.float32));
    const { indices } = topK(mx.transpose(x), 3);
    const expected = Array.from(
      { length: 5 },
      (_, row) => onHost([...columns.subarray(row * 1003, (row + 1) * 1003)], 3).indices,
    );
    expect(indices.tolist()).toEqual(expected);
    const low = mx.full([2, 1003], Number.NEGATIVE_INFINITY);
    for (const row of topK(low, 4).indices.tolist() as number[][]) {
      expect(Math.max(...row)).toBeLessThan(1003);
    }
  });

  it("finds entries that share a chunk, and the last ones of a row that is no multiple of it", () => {
    const row = new Array<number>(1000).fill(0);
    [row[999], row[998], row[997], row[0]] = [9, 8, 7, 6];
    expect([...toFlat(topK(mx.array([row]), 4).indices)]).toEqual([999, 998, 997, 0]);
  });
});
