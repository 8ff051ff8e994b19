/** Scores of several pairs as their means, with how sure one can be of each. */

interface MeanScores {
  readonly mean: Float64Array;
  readonly margin: Float64Array;
}

/** The mean over pairs, and 1.96 standard errors of it (NaN for a single pair). */
export function meanScores(byPair: readonly Float64Array[]): MeanScores {
  const n = byPair.length;
  const mean = new Float64Array(byPair[0].length);
  const margin = new Float64Array(byPair[0].length);
  for (let index = 0; index < mean.length; index++) {
    let sum = 0;
    for (const scores of byPair) sum += scores[index];
    mean[index] = sum / n;
    let squares = 0;
    for (const scores of byPair) squares += (scores[index] - mean[index]) ** 2;
    margin[index] = 1.96 * Math.sqrt(squares / (n - 1) / n);
  }
  return { mean, margin };
}
