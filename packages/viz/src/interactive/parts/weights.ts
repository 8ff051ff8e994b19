/** Attention as one function of query and key: of a head, or the mean of several. */
import type { AttentionBlock } from "@mlxterp/results";

export type HeadPattern = AttentionBlock["patterns"][number];

/** (query, key) → weight. */
export type Weights = (query: number, key: number) => number;

/** @param size how many tokens there are */
export function weightsOf(patterns: readonly HeadPattern[], size: number): Weights {
  if (patterns.length === 1) {
    const [{ weights }] = patterns;
    return (query, key) => weights[query * size + key];
  }
  return (query, key) => {
    let sum = 0;
    for (const { weights } of patterns) sum += weights[query * size + key];
    return sum / patterns.length;
  };
}

/** Where most of a row or column lies: the largest first. */
export function strongest(weightAt: (index: number) => number, size: number, most = 3): number[] {
  const best: number[] = [];
  for (let index = 0; index < size; index++) {
    const weight = weightAt(index);
    if (best.length === most && weight <= weightAt(best[most - 1])) continue;
    const place = best.findIndex((other) => weight > weightAt(other));
    best.splice(place < 0 ? best.length : place, 0, index);
    if (best.length > most) best.pop();
  }
  return best;
}
