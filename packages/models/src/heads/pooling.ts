/** One vector of a text, from those of its tokens. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** The ways, under the names of sentence-transformers. */
export const poolingNames = [
  "cls",
  "last",
  "mean",
  "max",
  "meanSqrtLength",
  "weightedMean",
] as const;
export type PoolingName = (typeof poolingNames)[number];

/** What a pass knows of its rows. */
export interface Rows {
  /** (batch, position) */
  readonly ids: MxArray;
  /** The number of real tokens of each. Absent: all. */
  readonly lengths: readonly number[] | undefined;
}

/**
 * @param states (batch, position, hidden)
 * @returns (batch, hidden), of real tokens only
 */
export function pool(states: MxArray, rows: Rows, how: PoolingName): MxArray {
  if (how === "cls") return states.index(mx.Slice(), 0);
  if (how === "last")
    return atPositions(states, mx.subtract(lengthsOf(states, rows), mx.array(1, mx.int32)));
  const real = realTokens(states, rows); // (batch, position, 1)
  if (how === "max") {
    const hidden = mx.multiply(mx.subtract(1, real), -1e9);
    return mx.max(mx.add(mx.multiply(states, real), hidden), 1);
  }
  const weights = how === "weightedMean" ? mx.multiply(real, counted(states)) : real;
  const total = mx.sum(mx.multiply(states, weights), 1);
  const count = mx.sum(weights, 1);
  return mx.divide(total, how === "meanSqrtLength" ? mx.sqrt(count) : count);
}

/**
 * The last token of each row that is not the pad token, as `transformers` looks for it; the first, where all are.
 *
 * @returns (batch, hidden)
 */
export function poolBeforePads(states: MxArray, rows: Rows, padToken: number): MxArray {
  const place = mx.arange(0, states.shape[1], 1, mx.int32);
  const real = mx.multiply(realTokens(states, rows).squeeze(2), mx.notEqual(rows.ids, padToken));
  return atPositions(states, mx.max(mx.multiply(real.astype(mx.int32), place), 1));
}

/** @param positions (batch) int32 */
function atPositions(states: MxArray, positions: MxArray): MxArray {
  const [batch, , hidden] = states.shape;
  const places = mx.broadcastTo(positions.reshape([batch, 1, 1]), [batch, 1, hidden]);
  return mx.takeAlongAxis(states, places, 1).squeeze(1);
}

/** (batch) int32 */
function lengthsOf(states: MxArray, { lengths }: Rows): MxArray {
  const [batch, width] = states.shape;
  return mx.array(lengths ? [...lengths] : new Array<number>(batch).fill(width), mx.int32);
}

/** 1 at real tokens, 0 behind them. */
function realTokens(states: MxArray, rows: Rows): MxArray {
  const place = mx.arange(0, states.shape[1], 1, mx.int32).reshape([1, -1, 1]);
  return mx.less(place, lengthsOf(states, rows).reshape([-1, 1, 1])).astype(states.dtype);
}

/** 1, 2, 3, …, (1, position, 1) */
function counted(states: MxArray): MxArray {
  return mx.arange(1, states.shape[1] + 1, 1, states.dtype).reshape([1, -1, 1]);
}
