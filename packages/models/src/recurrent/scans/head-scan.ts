/** The recurrence of heads whose states decay as a whole, in chunks: attention within, states between. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { inChunks } from "./chunks.js";
import { scanStates } from "./diagonal.js";

const never = -1e9; // exp of it is 0, and so is its gradient

export interface HeadScan {
  /** The logarithm of what remains of the state when the token comes, (batch, position, heads). */
  readonly logDecay: MxArray;
  /** What is written, (batch, position, heads, headDim). */
  readonly values: MxArray;
  /** In which direction it is written, (batch, position, groups, state). */
  readonly keys: MxArray;
  /** In which direction the state is read, (batch, position, groups, state). */
  readonly queries: MxArray;
  /** The state before the first position, (batch, heads, headDim, state). Default: 0 */
  readonly before?: MxArray;
}

/**
 * `state[t] = exp(logDecay[t]) · state[t - 1] + values[t] ⊗ keys[t]` and `read[t] = state[t] · queries[t]`, without the states.
 * Source: Dao & Gu 2024, "Transformers are SSMs", section 6. Within a chunk every pair of positions has the product of the
 * decays between them, whose logarithm is a difference of sums: at most 0, so that nothing overflows.
 *
 * @returns what is read, (batch, position, heads, headDim), and the last state, (batch, heads, headDim, state)
 */
export function scanHeads(scan: HeadScan): { read: MxArray; last: MxArray } {
  if (scan.values.shape[1] === 1) return step(scan);
  const { values, before } = scan;
  const [batch, length, heads, headDim] = values.shape;
  const { sums, v, k, q } = inChunks(scan);
  const total = sums.index("...", mx.Slice(-1, null)); // (batch, chunk, groups, shared, 1)
  const within = mx.matmul(mx.multiply(mx.matmul(q, k.swapaxes(-1, -2)), pairDecays(sums)), v);
  const remaining = mx.expandDims(mx.exp(mx.subtract(total, sums)), -1);
  const written = mx.matmul(mx.multiply(v, remaining).swapaxes(-1, -2), k);
  const [, chunks, groups, shared] = written.shape;
  const start = before?.reshape([batch, groups, shared, headDim, -1]);
  const after = scanStates(mx.exp(mx.expandDims(total, -1)), written, start);
  const inherited = preceding(after, start);
  const carried = mx.multiply(
    mx.matmul(q, inherited.swapaxes(-1, -2)),
    mx.exp(mx.expandDims(sums, -1)),
  );
  const read = mx.add(within, carried).transpose(0, 1, 4, 2, 3, 5);
  return {
    read: read.reshape([batch, -1, heads, headDim]).index(mx.Slice(), mx.Slice(0, length)),
    last: after.index(mx.Slice(), chunks - 1).reshape([batch, heads, headDim, -1]),
  };
}

/** What remains of what position j wrote when i reads, (…, i, j): 0 for later ones. */
export function pairDecays(sums: MxArray): MxArray {
  const size = sums.shape[sums.ndim - 1];
  const apart = mx.subtract(mx.expandDims(sums, -1), mx.expandDims(sums, -2));
  return mx.exp(mx.where(mx.tri(size, size, 0, mx.bool), apart, never));
}

/** The states with which chunks begin, from those with which they end; both (batch, chunk, …). */
function preceding(after: MxArray, before?: MxArray): MxArray {
  const first = before ?? mx.zerosLike(after.index(mx.Slice(), 0));
  const chunks = after.shape[1];
  if (chunks === 1) return mx.expandDims(first, 1);
  const earlier = after.index(mx.Slice(), mx.Slice(0, chunks - 1));
  return mx.concatenate([mx.expandDims(first, 1), earlier], 1);
}

/** One position. */
function step({ logDecay, values, keys, queries, before }: HeadScan) {
  const [batch, , heads, headDim] = values.shape;
  const wide = (x: MxArray) => mx.repeat(x.squeeze(1), heads / x.shape[2], 1); // (batch, heads, state)
  const written = mx.matmul(mx.expandDims(values.squeeze(1), 3), mx.expandDims(wide(keys), 2));
  const decay = mx.exp(logDecay).reshape([batch, heads, 1, 1]);
  const last = before ? mx.add(mx.multiply(decay, before), written) : written;
  const read = mx.matmul(last, mx.expandDims(wide(queries), 3));
  return { read: read.reshape([batch, 1, heads, headDim]), last };
}
