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

  it("finds entries that share a chunk, and the last ones of a row that is no multiple of it", () => {
    const row = new Array<number>(1000).fill(0);
    [row[999], row[998], row[997], row[0]] = [9, 8, 7, 6];
    expect([...toFlat(topK(mx.array([row]), 4).indices)]).toEqual([999, 998, 997, 0]);
  });
});
