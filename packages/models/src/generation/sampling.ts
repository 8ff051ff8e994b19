/** Choosing the next token from logits: greedy on the device, or sampled from a seed on the host. */
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";

export interface SamplingOptions {
  /** Divides the logits; 0 takes the most likely token. Default: 0. */
  readonly temperature?: number;
  /** Only the k most likely tokens. Default: all. */
  readonly topK?: number;
  /** Only the most likely tokens that together have this probability. Default: 1. */
  readonly topP?: number;
  /** The same seed and prompt give the same text. Default: 0. */
  readonly seed?: number;
}

/** A chosen token and the logarithm of the probability the model itself gave it. */
export interface Choice {
  readonly token: number;
  readonly logProbability: number;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkSampling({ temperature = 0, topK, topP }: SamplingOptions): void {
  if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError("temperature", temperature, `${temperature} is not at least 0.`);
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK > 0)) {
    throw new InvalidArgumentError("topK", topK, `${topK} is not a positive integer.`);
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1)) {
    throw new InvalidArgumentError("topP", topP, `${topP} is not in (0, 1].`);
  }
}

/**
 * The most likely token, lazily: only two numbers travel to the host.
 *
 * @param logits (vocab)
 * @returns the token's id and its log-probability, both scalars
 */
export function greedy(logits: MxArray): { token: MxArray; logProbability: MxArray } {
  const normalizer = mx.logsumexp(logits);
  return {
    token: mx.argmax(logits),
    logProbability: mx.subtract(mx.max(logits), normalizer),
  };
}

/** Draws tokens; one for each generated text, since it carries the state of the random numbers. */
export function createSampler(options: SamplingOptions): (logits: MxArray) => Choice {
  const temperature = options.temperature ?? 1;
  const random = uniformNumbers(options.seed ?? 0);
  return (logits) => {
    const values = Float32Array.from(toFlat(logits));
    const sorted = values.slice().sort().reverse();
    const weight = (value: number) => Math.exp((value - sorted[0]) / temperature);
    const candidates = mostLikely(values, sorted, countKept(sorted.map(weight), options));
    const token =
      candidates[
        draw(
          candidates.map((id) => weight(values[id])),
          random(),
        )
      ];
    const total = values.reduce((sum, value) => sum + Math.exp(value - sorted[0]), 0);
    return { token, logProbability: values[token] - sorted[0] - Math.log(total) };
  };
}

/** How many of the most likely tokens `topK` and then `topP` leave. */
function countKept(weights: Float32Array, { topK, topP = 1 }: SamplingOptions): number {
  const most = Math.min(topK ?? weights.length, weights.length);
  if (topP === 1) return most;
  const enough = topP * weights.subarray(0, most).reduce((sum, weight) => sum + weight, 0);
  let count = 1;
  for (let sum = weights[0]; sum < enough && count < most; count++) sum += weights[count];
  return count;
}

/** The ids of the `count` largest values; among equal ones the smaller ids. */
function mostLikely(values: Float32Array, sorted: Float32Array, count: number): number[] {
  const threshold = sorted[count - 1];
  const ids: number[] = [];
  for (let id = 0; id < values.length; id++) if (values[id] >= threshold) ids.push(id);
  return ids.length === count
    ? ids
    : ids.sort((a, b) => values[b] - values[a] || a - b).slice(0, count);
}

/** An index drawn with probability proportional to its weight. */
function draw(weights: readonly number[], uniform: number): number {
  let rest = uniform * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  return index < 0 ? weights.length - 1 : index; // rounding left a sliver beyond the last
}

/** Uniform numbers in [0, 1) from a 32-bit seed (mulberry32, Tommy Ettinger 2017). */
function uniformNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
