/** How good scores are: accuracy at 0, and the area under the curve, which needs no threshold. */

export function accuracy(scores: ArrayLike<number>, labels: readonly number[]): number {
  let right = 0;
  for (const [at, label] of labels.entries()) if (scores[at] > 0 === label > 0) right++;
  return right / labels.length;
}

/** The share of pairs of one of each class that stand in the right order; ties count half. NaN where a score is, which has no place. */
export function auroc(scores: ArrayLike<number>, labels: readonly number[]): number {
  if (labels.some((_, at) => Number.isNaN(scores[at]))) return Number.NaN;
  const order = labels.map((_, at) => at).sort((a, b) => scores[a] - scores[b]);
  let [ranks, positives] = [0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end]] === scores[order[start]]) end++;
    for (let at = start; at < end; at++) {
      if (labels[order[at]] > 0) {
        ranks += (start + end + 1) / 2; // from 1, the mean of the ties
        positives++;
      }
    }
    start = end;
  }
  const negatives = labels.length - positives;
  return positives * negatives === 0
    ? Number.NaN
    : (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Whole groups in parts of like size, in an order by chance. */
export function foldsOf(groups: number, folds: number, random: () => number): number[] {
  const order = Array.from({ length: groups }, (_, at) => at);
  for (let at = groups - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  const fold = new Array<number>(groups);
  for (const [place, group] of order.entries()) fold[group] = place % folds;
  return fold;
}
