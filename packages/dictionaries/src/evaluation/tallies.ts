/** Sums over tokens, from which every measure of a dictionary is made; in double precision on the host. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";

/** What is summed over tokens. */
const sums = [
  ...["tokens", "count", "size", "error", "norm", "output", "product", "cosine", "ratio"],
  "legacy",
] as const;

export type Sums = Record<(typeof sums)[number], number>;

export interface Tally extends Sums {
  /** Of what is to be written, (output). */
  readonly mean: Float64Array;
  /** At how many tokens each feature is on. */
  readonly on: Float64Array;
}

export function emptyTally(width: number, features: number): Tally {
  const zeros = Object.fromEntries(sums.map((name) => [name, 0])) as Sums;
  return { ...zeros, mean: new Float64Array(width), on: new Float64Array(features) };
}

/**
 * Adds the tokens of a batch.
 *
 * @param features (rows, features)
 * @param target what is to be written, (rows, output)
 * @param y what is written
 */
export function addRows(tally: Tally, features: MxArray, target: MxArray, y: MxArray): void {
  const on = mx.greater(features, 0).astype(mx.float32);
  const perToken = (array: MxArray) => toFlat(mx.sum(array, 1));
  const centred = mx.subtract(target, mx.mean(target, 0, true));
  const parts = {
    error: perToken(mx.square(mx.subtract(target, y))),
    norm: perToken(mx.square(target)),
    output: perToken(mx.square(y)),
    product: perToken(mx.multiply(target, y)),
  };
  const spread = perToken(mx.square(centred));
  for (const name of ["error", "norm", "output", "product"] as const)
    tally[name] += total(parts[name]);
  tally.tokens += features.shape[0];
  tally.count += total(perToken(on));
  tally.size += total(perToken(features));
  parts.norm.forEach((norm, token) => {
    const [length, other] = [Math.sqrt(norm), Math.sqrt(parts.output[token])];
    tally.cosine += length * other > 0 ? parts.product[token] / (length * other) : 0;
    tally.ratio += length > 0 ? other / length : 0;
    tally.legacy += 1 - parts.error[token] / spread[token];
  });
  addTo(tally.mean, toFlat(mx.sum(target, 0)));
  addTo(tally.on, toFlat(mx.sum(on, 0)));
}

function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at];
  return sum;
}

function addTo(sum: Float64Array, values: ArrayLike<number>): void {
  for (let at = 0; at < sum.length; at++) sum[at] += values[at];
}
