/** The k largest of each row without sorting the row. */
import { checkPositiveInteger, InvalidArgumentError } from "@mlxterp/results/errors";
import { mx } from "./binding.js";
import { checkReal } from "./guard.js";
import type { MxArray } from "./types/array.js";

/** Bounds of the length of chunks. */
const [shortest, longest] = [8, 128];

/** Where there are as many chunk maxima as entries in the winning chunks, least is partitioned. */
function chunkFor(columns: number, k: number): number {
  const even = 2 ** Math.round(Math.log2(Math.sqrt(columns / k)));
  return Math.min(longest, Math.max(shortest, even));
}

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
  if (checkReal("x", x).ndim !== 2) {
    throw new InvalidArgumentError("x", x, `must be (rows, columns), not of shape [${x.shape}].`);
  }
  const [rows, columns] = x.shape;
  if (checkPositiveInteger("k", k) > columns) {
    throw new InvalidArgumentError("k", k, `there are ${columns} columns to take ${k} of.`);
  }
  if (rows === 0) return { values: mx.zeros([0, k], x.dtype), indices: mx.zeros([0, k], mx.int32) };
  const chunk = chunkFor(columns, k);
  const chunks = Math.ceil(columns / chunk);
  if (chunks <= 2 * k) return topOfRow(x, k);
  const best = largest(chunkMaxima(x, chunk), k).reshape([rows, k, 1]);
  const begins = mx.multiply(best, mx.array(chunk, mx.int32)); // a plain number would make the indices floats
  const from = mx.minimum(begins, mx.array(columns - chunk, mx.int32)); // the last chunk reads back into its neighbour
  const places = mx.add(from, mx.arange(0, chunk, 1, mx.int32)); // (rows, k, chunk)
  const own = mx.greaterEqual(places, begins).reshape([rows, k * chunk]);
  const flat = places.reshape([rows, k * chunk]);
  const lowest = mx.array(Number.NEGATIVE_INFINITY, x.dtype);
  const inner = topOfRow(mx.where(own, mx.takeAlongAxis(x, flat, 1), lowest), k);
  return { values: inner.values, indices: mx.takeAlongAxis(flat, inner.indices, 1) };
}

/** The largest of each chunk (rows, chunks); the last one may be shorter. Views only: a copy takes longer than the rest. */
function chunkMaxima(x: MxArray, chunk: number): MxArray {
  const [rows, columns] = x.shape;
  const whole = Math.floor(columns / chunk);
  const blocks = mx.asStrided(x, [rows, whole, chunk], [columns, chunk, 1], 0);
  const maxima = mx.max(blocks, 2);
  if (whole * chunk === columns) return maxima;
  const rest = mx.max(x.index(mx.Slice(), mx.Slice(whole * chunk)), 1, true);
  return mx.concatenate([maxima, rest], 1);
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
