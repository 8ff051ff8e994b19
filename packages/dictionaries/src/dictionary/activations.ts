/** From what the encoder says to features. Everything is lazy. */
import { type MxArray, mx, topK } from "@mlxterp/mlx";

/** Zeros below the k-th largest of each row. Of equal values at the limit the first by place stay. @param p (rows, features) */
export function keepLargest(p: MxArray, k: number): MxArray {
  const [, features] = p.shape;
  if (k >= features) return p;
  const { indices } = topK(mx.stopGradient(p), k);
  return keepAt(p, indices);
}

/** The values at some places of each row, zeros elsewhere. @param indices (rows, k) */
export function keepAt(p: MxArray, indices: MxArray): MxArray {
  return mx.multiply(p, maskAt(p.shape, indices));
}

/** 1 at some places of each row, and 0 elsewhere: (rows, features). */
function maskAt([rows, features]: readonly number[], indices: MxArray): MxArray {
  const row = mx.broadcastTo(mx.arange(0, rows, 1, mx.int32).reshape([rows, 1]), indices.shape);
  const mask = mx.zeros([rows * features], mx.float32);
  const flat = mx
    .add(mx.multiply(row, mx.array(features, mx.int32)), indices)
    .reshape([indices.size]);
  mask.indexPut_(flat, mx.array(1));
  return mask.reshape([rows, features]);
}

/** Zeros but for the `k × rows` largest of all rows together. @param p (rows, features), none negative */
export function keepLargestOfBatch(p: MxArray, k: number): MxArray {
  const [rows, features] = p.shape;
  const count = Math.trunc(k * rows);
  if (count >= rows * features) return p;
  const { indices } = topK(mx.stopGradient(p).reshape([1, rows * features]), count);
  const mask = mx.zeros([rows * features], mx.float32);
  mask.indexPut_(indices.reshape([count]), mx.array(1));
  return mx.multiply(p, mask.reshape([rows, features]));
}

/** Zeros but for the largest of each of k groups of neighbours. @param p (rows, features) */
export function keepLargestOfGroups(p: MxArray, k: number): MxArray {
  const [rows, features] = p.shape;
  const width = features / k;
  const groups = mx.stopGradient(p).reshape([rows * k, width]);
  const best = mx.argmax(groups, 1, true);
  const places = mx.arange(0, width, 1, best.dtype).reshape([1, width]);
  const mask = mx.equal(places, best).astype(mx.float32);
  return mx.multiply(p, mask.reshape([rows, features]));
}

/** What is strictly above the thresholds; gradients go through what stays. */
export function aboveThreshold(p: MxArray, threshold: MxArray): MxArray {
  return mx.multiply(p, mx.greater(p, threshold).astype(p.dtype));
}

export function rectify(p: MxArray): MxArray {
  return mx.maximum(p, 0);
}
