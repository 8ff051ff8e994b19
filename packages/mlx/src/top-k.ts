/** The k largest of each row without sorting the row. */
import { mx } from "./binding.js";
import type { MxArray } from "./types/array.js";

/** A row longer than this is searched by chunks. */
const chunk = 128;

/** Values and places of the largest entries of each row, largest first. */
export interface TopK {
  /** (rows, k), the dtype of what was searched */
  readonly values: MxArray;
  /** (rows, k) int32 */
  readonly indices: MxArray;
}

/**
 * The k largest entries of each row. Lazy.
 *
 * Sorting or partitioning a whole vocabulary is slow on the CPU. The k largest entries lie in the k chunks with the
 * largest maxima, so only those are partitioned.
 *
 * @param x (rows, columns)
 * @param k at most the number of columns
 * @example
 * topK(mx.array([[3, 1, 2]]), 2).indices.tolist(); // [[0, 2]]
 */
export function topK(x: MxArray, k: number): TopK {
  const [rows, columns] = x.shape;
  const chunks = Math.ceil(columns / chunk);
  if (chunks <= 2 * k) return topOfRow(x, k);
  const missing = chunks * chunk - columns;
  const padding: [number, number][] = [
    [0, 0],
    [0, missing],
  ];
  const padded = missing > 0 ? mx.pad(x, padding, Number.NEGATIVE_INFINITY) : x;
  const blocks = padded.reshape([rows * chunks, chunk]);
  const best = largest(mx.max(blocks, 1).reshape([rows, chunks]), k); // (rows, k) chunks
  const firstOfRow = mx.arange(0, rows * chunks, chunks, mx.int32).reshape([rows, 1]);
  const candidates = mx.take(blocks, mx.add(firstOfRow, best), 0).reshape([rows, k * chunk]);
  const inner = topOfRow(candidates, k);
  const size = mx.array(chunk, mx.int32); // a plain number would make the indices floats
  const block = mx.takeAlongAxis(best, mx.floorDivide(inner.indices, size), 1);
  const indices = mx.add(mx.multiply(block, size), mx.remainder(inner.indices, size));
  return { values: inner.values, indices };
}

/** Partitions each row, then sorts the k entries found. */
function topOfRow(x: MxArray, k: number): TopK {
  const found = largest(x, k);
  const values = mx.takeAlongAxis(x, found, 1);
  const order = mx.argsort(mx.negative(values), 1);
  return {
    values: mx.takeAlongAxis(values, order, 1),
    indices: mx.takeAlongAxis(found, order, 1),
  };
}

/** Places of the k largest entries of each row, in no order. */
function largest(x: MxArray, k: number): MxArray {
  if (k === x.shape[1]) return mx.argsort(x, 1).astype(mx.int32);
  return mx
    .argpartition(mx.negative(x), k - 1, 1)
    .index(mx.Slice(), mx.Slice(0, k))
    .astype(mx.int32);
}
