/** What a row of scores says. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";

/** What a text or a token is taken for. */
export interface Classification {
  readonly label: string;
  /** The probability of that label, or a reward model's score as it is. */
  readonly score: number;
  /** Of every label. */
  readonly scores: Readonly<Record<string, number>>;
}

/** @param scores (rows, labels) */
export function classificationsOf(scores: MxArray, labels: readonly string[]): Classification[] {
  const numbers = toFlat(labels.length === 1 ? scores : mx.softmax(scores, -1, true));
  const [rows] = scores.shape;
  return Array.from({ length: rows }, (_, row) => {
    const own = [...numbers.slice(row * labels.length, (row + 1) * labels.length)].map(Number);
    const best = own.indexOf(Math.max(...own));
    const named = labels.map((label, index) => [label, own[index]] as const);
    return { label: labels[best], score: own[best], scores: Object.fromEntries(named) };
  });
}
