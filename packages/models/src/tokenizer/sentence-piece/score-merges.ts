/**
 * SentencePiece's byte-pair encoding from scores: of all neighbours the pair is merged whose whole has the highest score,
 * so the list of merges is the list of pairs, ordered by it.
 * Source: Kudo & Richardson 2018, "SentencePiece", section 3.
 */

/**
 * Of several ways to one whole the one with the earlier pieces comes first, as in files that were converted before.
 *
 * @returns pairs of tokens, the first to be merged first
 */
export function mergesOfScores(tokens: readonly string[], scores: readonly number[]): string[][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges: { readonly pair: string[]; readonly score: number; readonly left: number }[] = [];
  for (const [id, token] of tokens.entries()) {
    const letters = [...token];
    for (let cut = 1; cut < letters.length; cut++) {
      const pair = [letters.slice(0, cut).join(""), letters.slice(cut).join("")];
      const [left, right] = pair.map((part) => ids.get(part));
      if (left === undefined || right === undefined) continue;
      merges.push({ pair, score: scores[id] ?? 0, left });
    }
  }
  return merges.sort((a, b) => b.score - a.score || a.left - b.left).map(({ pair }) => pair);
}
