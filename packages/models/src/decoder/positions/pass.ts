/** What the layers of one forward pass share: positions and masks. */
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
  /**
   * Added to the scores: 0 where a query may look, a large negative number elsewhere; null hides nothing.
   *
   * @param window how many keys a query sees, itself included. Default: all before it.
   * @param keys how many keys there are, up to the last query's. Default: all positions seen.
   * @param chunk how many positions a chunk has, where a query sees only its own. Default: all are one.
   * @returns (query, key) or (batch, 1, 1 or query, key), the same array for the same arguments
   */
  mask(window?: number, keys?: number, chunk?: number): MxArray | null;
  /** Whether queries see keys behind them. Default: false. */
  readonly bothWays?: boolean;
  /** Keys as scores read them and values, by the number of the layer that they were made in, where later layers read them. */
  readonly shared?: Map<number, KeysAndValues>;
}

/** (batch, kvHeads, key, headDim) each. */
export type KeysAndValues = readonly [keys: MxArray, values: MxArray];

/** What is added to a score to hide it: finite, so that a row with nothing to see stays free of NaN. */
export function maskedScore(dtype: Dtype): number {
  return dtype === mx.float16 ? -3e4 : -1e9;
}

/** Builds a causal mask, (query, key); the last key belongs to the last query. */
export type CausalMask = (
  queries: number,
  keys: number,
  dtype: Dtype,
  window?: number,
) => MxArray | null;

/** Builds causal masks and keeps the last one for every window, since passes of one length follow each other. */
export function createCausalMask(): CausalMask {
  const kept = new Map<number, { queries: number; keys: number; mask: MxArray }>();
  return (queries, keys, dtype, window) => {
    const seen = Math.min(window ?? keys, keys);
    if (queries === 1 && seen === keys) return null; // a single query is the newest token
    const kind = seen === keys ? 0 : seen;
    const last = kept.get(kind);
    if (last?.queries === queries && last.keys === keys && last.mask.dtype === dtype) {
      return last.mask;
    }
    const mask = mx.multiply(hidden(queries, keys, seen), maskedScore(dtype)).astype(dtype);
    kept.set(kind, { queries, keys, mask });
    return mask;
  };
}

/** 1 where `key > query` or `key <= query - seen`, else 0. */
function hidden(queries: number, keys: number, seen: number): MxArray {
  const later = mx.subtract(1, mx.tri(queries, keys, keys - queries, mx.float32));
  return seen === keys
    ? later
    : mx.add(later, mx.tri(queries, keys, keys - queries - seen, mx.float32));
}

/**
 * Hides what comes later and what is in another chunk; every row counts from its own first token.
 *
 * @param keys up to the last query's
 * @returns (1 or batch, 1, query, key)
 */
export function chunkMask(
  { ids, end }: Positions,
  { queries, keys, chunk, dtype }: { queries: number; keys: number; chunk: number; dtype: Dtype },
): MxArray {
  const newest = ids ? ids.index(mx.Slice(), mx.Slice(-1, null)) : mx.array([[end - 1]], mx.int32); // (batch, 1)
  const before = (count: number) =>
    mx.add(mx.subtract(mx.arange(0, count, 1, mx.int32), mx.array(count - 1, mx.int32)), newest);
  const key = before(keys).reshape([-1, 1, 1, keys]);
  const query = before(queries).reshape([-1, 1, queries, 1]);
  const of = (positions: MxArray) => mx.floor(mx.divide(positions.astype(mx.float32), chunk));
  const seen = mx.multiply(mx.equal(of(key), of(query)), mx.lessEqual(key, query));
  return mx.multiply(mx.subtract(1, seen), maskedScore(dtype)).astype(dtype);
}

/** Hides what is `window` positions away or further, on either side; null where nothing is. (query, key) */
export function createTwoSidedMask(length: number, dtype: Dtype) {
  return (window: number | undefined): MxArray | null => {
    if (window === undefined || window >= length) return null;
    const near = mx.subtract(
      mx.tri(length, length, window - 1, mx.float32),
      mx.tri(length, length, -window, mx.float32),
    );
    return mx.multiply(mx.subtract(1, near), maskedScore(dtype)).astype(dtype);
  };
}

/** What the masks of one pass are made of. */
interface MaskParts {
  /** Keys up to the last query's. */
  readonly keys: number;
  readonly causal: (keys: number, window?: number, chunk?: number) => MxArray | null;
  /** What else is hidden of so many of the newest keys, (batch, 1, 1 or query, key). */
  readonly others: (keys: number) => MxArray | null;
}

/** The masks of one pass: causal, joined with what else is hidden, once for every window and number of keys. */
export function passMasks({ keys: all, causal, others }: MaskParts): Pass["mask"] {
  const joined = new Map<string, MxArray | null>();
  return (window, keys = all, chunk) => {
    const kind = `${keys} ${window} ${chunk}`;
    const known = joined.get(kind);
    if (known !== undefined) return known;
    const mask = sum(causal(keys, window, chunk), others(keys));
    joined.set(kind, mask);
    return mask;
  };
}

/** Null hides nothing. */
function sum(a: MxArray | null, b: MxArray | null): MxArray | null {
  return a && b ? mx.add(a, b) : (a ?? b);
}

/**
 * What hides the newest keys, from a mask that may be about all of them and from padding.
 *
 * @param mask (batch, 1, 1 or query, key)
 */
export function hiddenKeys(
  mask: MxArray | undefined,
  padding: (keys: number) => MxArray | null,
): MaskParts["others"] {
  return (keys) => {
    const given = mask && mask.shape[3] > keys ? mask.index("...", mx.Slice(-keys, null)) : mask;
    return sum(given ?? null, padding(keys));
  };
}
