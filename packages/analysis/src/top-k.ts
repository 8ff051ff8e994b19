/** The k largest of each row without sorting the row. */
import { type MxArray, mx } from "@mlxterp/mlx";

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
 * Sorting or partitioning a vocabulary is slow on the CPU. The k largest entries lie in the k chunks with the
 * largest maxima, so only those are sorted.
 *
 * @param x (rows, columns)
 * @param k at most the number of columns
 */
export function topK(x: MxArray, k: number): TopK {
  const [rows, columns] = x.shape;
  const chunks = Math.ceil(columns / chunk);
  if (chunks <= 2 * k) return sortRows(x, k);
  const missing = chunks * chunk - columns;
  const padded =
    missing > 0
      ? mx.pad(
          x,
          [
            [0, 0],
            [0, missing],
          ],
          -mx.Inf,
        )
      : x;
  const blocks = padded.reshape([rows, chunks, chunk]);
  const best = sortRows(mx.max(blocks, 2), k).indices; // (rows, k) chunks
  const candidates = mx.takeAlongAxis(blocks, mx.expandDims(best, 2), 1); // (rows, k, chunk)
  const inner = sortRows(candidates.reshape([rows, k * chunk]), k);
  const size = mx.array(chunk, mx.int32); // a plain number would make the indices floats
  const block = mx.takeAlongAxis(best, mx.floorDivide(inner.indices, size), 1);
  const indices = mx.add(mx.multiply(block, size), mx.remainder(inner.indices, size));
  return { values: inner.values, indices };
}

function sortRows(x: MxArray, k: number): TopK {
  const order = mx.argsort(mx.negative(x), 1).index(mx.Slice(), mx.Slice(0, k)).astype(mx.int32);
  return { values: mx.takeAlongAxis(x, order, 1), indices: order };
}
