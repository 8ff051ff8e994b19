/** A sequence cut into chunks, whose positions are mixed at once. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { padPositions } from "./diagonal.js";

/** The work within a chunk grows with its square. */
const chunkLength = 64;

/** What recurrences of heads have in common; their own types say of what shapes. */
interface Sequence {
  readonly logDecay: MxArray;
  readonly values: MxArray;
  readonly keys: MxArray;
  readonly queries: MxArray;
}

/** Everything by chunk, group and the heads that share it: (batch, chunk, groups, shared or 1, position, …). */
export function inChunks({ logDecay, values, keys, queries }: Sequence) {
  const [batch, length, heads, headDim] = values.shape;
  const [, , groups, state] = keys.shape;
  const size = Math.min(chunkLength, length);
  const chunks = Math.ceil(length / size);
  const cut = (x: MxArray, ...inner: number[]) =>
    padPositions(x, chunks * size, 0)
      .reshape([batch, chunks, size, groups, ...inner])
      .transpose(0, 1, 3, 4, 2, 5);
  const shared = heads / groups;
  /** One number of each head, (batch, position, heads). */
  const perHead = (x: MxArray) => cut(x, shared, 1);
  return {
    sums: mx.cumsum(perHead(logDecay).squeeze(5), 4), // (batch, chunk, groups, shared, position)
    v: cut(values, shared, headDim),
    k: cut(keys, 1, state),
    q: cut(queries, 1, state),
    perHead,
  };
}
