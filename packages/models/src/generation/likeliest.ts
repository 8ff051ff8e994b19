/** Which tokens may be drawn at all: the k likeliest, a nucleus, those near the likeliest. */
import { kthLargest } from "./kth-largest.js";

export interface Cuts {
  /** Only the k most likely tokens. Default: all. */
  readonly topK?: number;
  /** Only the most likely tokens that together have this probability (Holtzman et al. 2020). Default: 1. */
  readonly topP?: number;
  /** Only tokens at least this many times as likely as the most likely one (Nguyen et al. 2024). Default: 0. */
  readonly minP?: number;
}

/**
 * The tokens that `topK`, then `topP` of what is left, then `minP` leave; at least one.
 *
 * @param weights probabilities up to a factor, the largest 1
 * @returns ids, or undefined for all
 */
export function likeliest(weights: Float64Array, cuts: Cuts): readonly number[] | undefined {
  const { topK = weights.length, topP = 1, minP = 0 } = cuts;
  const best = topK < weights.length ? mostLikely(weights, topK) : undefined;
  const kept = topP < 1 ? nucleus(weights, topP, best) : best;
  if (minP === 0) return kept;
  return kept ? kept.filter((id) => weights[id] >= minP) : atLeast(weights, minP);
}

/** The k ids of the largest weights, largest first. */
function mostLikely(weights: Float64Array, k: number): number[] {
  return descending(weights, atLeast(weights, kthLargest(weights, k))).slice(0, k);
}

/**
 * The fewest ids that together have a share of the weight of all candidates, largest first.
 *
 * @param candidates largest first. Default: all
 */
function nucleus(weights: Float64Array, share: number, candidates?: readonly number[]): number[] {
  const total = candidates
    ? candidates.reduce((sum, id) => sum + weights[id], 0)
    : weights.reduce((sum, weight) => sum + weight, 0);
  // All that weigh less than this weigh less than 1 - share together, so that only a few need to be sorted
  const negligible = ((1 - share) * total) / weights.length;
  const sorted = candidates ?? descending(weights, atLeast(weights, negligible));
  const kept: number[] = [];
  let sum = 0;
  for (const id of sorted) {
    if (kept.length > 0 && sum >= share * total) break;
    kept.push(id);
    sum += weights[id];
  }
  return kept;
}

function descending(weights: Float64Array, ids: number[]): number[] {
  return ids.sort((a, b) => weights[b] - weights[a] || a - b);
}

function atLeast(weights: Float64Array, least: number): number[] {
  const ids: number[] = [];
  for (let id = 0; id < weights.length; id++) if (weights[id] >= least) ids.push(id);
  return ids;
}
