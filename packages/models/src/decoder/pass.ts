/** What the layers of one forward pass share: positions, mask and cache. */
import { type Dtype, type MxArray, mx } from "@mlxterp/mlx";

/** Where the tokens of a pass stand in their sequences. */
export interface Positions {
  /** The position of the first token, where all rows count alike. */
  readonly offset: number;
  /** (batch, position) int32, where they do not. */
  readonly ids: MxArray | undefined;
  /** One more than the largest position. */
  readonly end: number;
}

/** Made once by the decoder and handed to every layer. */
export interface Pass {
  readonly positions: Positions;
  /** Added to the scores: 0 where a query may look, a large negative number elsewhere; null hides nothing. */
  readonly mask: MxArray | null; // (query, key) or (batch, 1, query, key)
}

/** What is added to a score to hide it: finite, so that a row with nothing to see stays free of NaN. */
export function maskedScore(dtype: Dtype): number {
  return dtype === mx.float16 ? -3e4 : -1e9;
}

/** Builds causal masks and keeps the last one, since passes of one length follow each other. */
export function createCausalMask(): (
  queries: number,
  keys: number,
  dtype: Dtype,
) => MxArray | null {
  let last: { queries: number; keys: number; mask: MxArray } | undefined;
  return (queries, keys, dtype) => {
    if (queries === 1) return null; // a single query is the newest token and sees everything
    if (last?.queries !== queries || last.keys !== keys || last.mask.dtype !== dtype) {
      const visible = mx.tri(queries, keys, keys - queries, dtype); // 1 where key <= query
      const mask = mx.multiply(mx.subtract(1, visible), maskedScore(dtype)).astype(dtype);
      last = { queries, keys, mask };
    }
    return last.mask;
  };
}
