/** The gated delta rule over a whole sequence, in chunks. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { inChunks } from "./chunks.js";
import { pairDecays } from "./head-scan.js";

export interface DeltaScan {
  /** The logarithm of what remains of the state when the token comes, (batch, position, heads). */
  readonly logDecay: MxArray;
  /** How far what is remembered under a key is moved to the new value, (batch, position, heads). */
  readonly beta: MxArray;
  /** (batch, position, heads, headDim) */
  readonly values: MxArray;
  /** Of length one, (batch, position, groups, state). */
  readonly keys: MxArray;
  /** (batch, position, groups, state) */
  readonly queries: MxArray;
  /** The state before the first position, (batch, heads, headDim, state). Default: 0 */
  readonly before?: MxArray;
}

/** What a recurrence gives. */
export interface DeltaResult {
  /** `state[t] · queries[t]`, (batch, position, heads, headDim) */
  readonly read: MxArray;
  /** By what each token moves the state along its key, (batch, position, heads, headDim). */
  readonly moved: MxArray;
  /** (batch, heads, headDim, state) */
  readonly last: MxArray;
}

/**
 * `kept = exp(logDecay[t]) · state[t - 1]`, `moved[t] = beta[t] · (values[t] - kept · keys[t])`, `state[t] = kept + moved[t] ⊗ keys[t]`.
 * Source: Yang, Kautz & Hatamizadeh 2024, "Gated Delta Networks", section 3.3. Within a chunk all movements follow from one
 * triangular system, which is solved exactly; chunks follow one after the other.
 */
export function scanDeltas(scan: DeltaScan): DeltaResult {
  const { values, before } = scan;
  const [batch, length, heads, headDim] = values.shape;
  const { sums, v, k, q, perHead } = inChunks(scan);
  const beta = perHead(scan.beta);
  const [, chunks, groups, shared, size] = sums.shape;
  const decays = pairDecays(sums);
  const near = mx.multiply(mx.multiply(mx.matmul(k, k.swapaxes(-1, -2)), decays), beta);
  const solve = inverseOfUnitLower(mx.tril(near, -1));
  const total = sums.index("...", mx.Slice(-1, null));
  const own = mx.matmul(solve, mx.multiply(v, beta));
  const grown = mx.expandDims(mx.exp(sums), -1);
  const inherited = mx.matmul(solve, mx.multiply(k, mx.multiply(beta, grown)));
  const within = mx.multiply(mx.matmul(q, k.swapaxes(-1, -2)), decays);
  const remaining = mx.expandDims(mx.exp(mx.subtract(total, sums)), -1);
  const kept = mx.expandDims(mx.exp(total), -1); // (batch, chunk, groups, shared, 1, 1)
  const far = mx.multiply(q, grown);
  let state =
    before?.reshape([batch, groups, shared, headDim, -1]) ??
    mx.zeros([batch, groups, shared, headDim, k.shape[5]]);
  const reads: MxArray[] = [];
  const movements: MxArray[] = [];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const at = (x: MxArray) => x.index(mx.Slice(), chunk);
    const turned = state.swapaxes(-1, -2);
    const moved = mx.subtract(at(own), mx.matmul(at(inherited), turned));
    reads.push(mx.add(mx.matmul(at(far), turned), mx.matmul(at(within), moved)));
    movements.push(moved);
    const written = mx.matmul(mx.multiply(moved, at(remaining)).swapaxes(-1, -2), at(k));
    state = mx.add(mx.multiply(state, at(kept)), written);
  }
  const joined = (parts: MxArray[]) =>
    mx
      .stack(parts, 1)
      .transpose(0, 1, 4, 2, 3, 5)
      .reshape([batch, chunks * size, heads, headDim])
      .index(mx.Slice(), mx.Slice(0, length));
  const last = state.reshape([batch, heads, headDim, -1]);
  return { read: joined(reads), moved: joined(movements), last };
}

/**
 * `(1 + lower)⁻¹`. Blocks on the diagonal are inverted, from the smallest on: of two neighbours and what stands below them
 * follows the inverse of both together. That is forward substitution in log₂ steps, and as exact.
 *
 * @param lower (…, size, size), 0 on the diagonal and above it
 */
export function inverseOfUnitLower(lower: MxArray): MxArray {
  const size = lower.shape[lower.ndim - 1];
  let inverse = mx.broadcastTo(mx.eye(size), lower.shape);
  for (let block = 1; block < size; block *= 2) {
    const below = mx.multiply(lower, belowDiagonalBlocks(size, block));
    inverse = mx.subtract(inverse, mx.matmul(inverse, mx.matmul(below, inverse)));
  }
  return inverse;
}

/** 1 where a row is in the second and a column in the first of two neighbouring blocks. */
function belowDiagonalBlocks(size: number, block: number): MxArray {
  const index = mx.arange(0, size, 1, mx.int32);
  const blocks = mx.floorDivide(index, mx.array(block, mx.int32));
  const pairs = mx.floorDivide(blocks, mx.array(2, mx.int32));
  const samePair = mx.equal(mx.expandDims(pairs, 1), mx.expandDims(pairs, 0));
  const later = mx.greater(mx.expandDims(blocks, 1), mx.expandDims(blocks, 0));
  return mx.logicalAnd(samePair, later).astype(mx.float32);
}

/** The same one position after the other, with decays of any sign. */
export function followDeltas({
  decay,
  ...scan
}: Omit<DeltaScan, "logDecay"> & { decay: MxArray }): DeltaResult {
  const { beta, values, keys, queries, before } = scan;
  const [batch, length, heads, headDim] = values.shape;
  const wide = (x: MxArray) => mx.repeat(x, heads / x.shape[2], 2); // (batch, position, heads, state)
  const [k, q] = [wide(keys), wide(queries)];
  let state = before ?? mx.zeros([batch, heads, headDim, keys.shape[3]]);
  const reads: MxArray[] = [];
  const movements: MxArray[] = [];
  for (let position = 0; position < length; position++) {
    const at = (x: MxArray) => x.index(mx.Slice(), position);
    const key = mx.expandDims(at(k), 3); // (batch, heads, state, 1)
    const kept = mx.multiply(at(decay).reshape([batch, heads, 1, 1]), state);
    const wrong = mx.subtract(mx.expandDims(at(values), 3), mx.matmul(kept, key));
    const moved = mx.multiply(at(beta).reshape([batch, heads, 1, 1]), wrong);
    state = mx.add(kept, mx.matmul(moved, key.swapaxes(-1, -2)));
    reads.push(mx.matmul(state, mx.expandDims(at(q), 3)).squeeze(3));
    movements.push(moved.squeeze(3));
  }
  return { read: mx.stack(reads, 1), moved: mx.stack(movements, 1), last: state };
}
