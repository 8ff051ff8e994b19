/** A number with how sure one can be of it. */
import { checkNumbers } from "../errors/option-rules.js";

/** A mean over examples or seeds, and the interval that another draw would likely fall into. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Over how many. */
  readonly n: number;
  /** How the interval was made, in words. */
  readonly how: string;
}

const draws = 2000;

/**
 * The mean and its 95 % interval, by drawing as many values with replacement again and again (percentile bootstrap;
 * Efron 1979). The same values give the same interval.
 *
 * @returns undefined for fewer than two values, of which nothing can be said
 * @example
 * bootstrapMean([1, 2, 3, 4])?.value; // 2.5
 */
export function bootstrapMean(values: readonly number[]): Estimate | undefined {
  checkNumbers("values", values);
  const n = values.length;
  if (n < 2) return undefined;
  const random = numbersFrom(n);
  const means = Float64Array.from({ length: draws }, () => {
    let sum = 0;
    for (let index = 0; index < n; index++) sum += values[Math.floor(random() * n)];
    return sum / n;
  }).sort();
  return {
    value: values.reduce((sum, value) => sum + value, 0) / n,
    low: means[Math.floor(0.025 * draws)],
    high: means[Math.ceil(0.975 * draws) - 1],
    n,
    how: `95 % interval, percentile bootstrap over ${n} values, ${draws} draws`,
  };
}

/** Numbers from 0 to 1, always the same for the same seed (mulberry32, of public domain). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
