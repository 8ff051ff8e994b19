/** How sure one can be of an effect: of how far a mean over pairs is on the way between two others. */
import { mean } from "./lists.js";

/** The two ends of the way, for each pair. */
interface Ends {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/**
 * 1.96 standard errors of (mean score − mean from) / (mean to − mean from), pairs being what is drawn: those of the residuals
 * of this ratio, since pairs whose ends are far apart also have scores that are.
 *
 * @param scores of each pair, by cell
 * @returns by cell; empty for a single pair, of which nothing is known
 */
export function effectMargins(
  scores: readonly (readonly number[])[],
  { from, to }: Ends,
): number[] {
  const pairs = scores.length;
  if (pairs < 2) return [];
  const whole = mean(to) - mean(from);
  return scores[0].map((_, cell) => {
    const effect = (mean(scores.map((own) => own[cell])) - mean(from)) / whole;
    const residual = scores.map((own, pair) => own[cell] - from[pair] - effect * (to[pair] - from[pair])); // biome-ignore format: one line
    return (1.96 * standardError(residual)) / Math.abs(whole);
  });
}

/** 1.96 standard errors of means over pairs, by cell; empty for a single pair. */
export function meanMargins(scores: readonly (readonly number[])[]): number[] {
  if (scores.length < 2) return [];
  return scores[0].map((_, cell) => 1.96 * standardError(scores.map((own) => own[cell])));
}

/** Of the mean. */
function standardError(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** Bounds of values with margins, as grids take them; nothing where there are none. */
export function boundsOf(values: readonly number[], margins: readonly number[]) {
  if (margins.length === 0) return {};
  return {
    low: Float64Array.from(values, (value, at) => value - margins[at]),
    high: Float64Array.from(values, (value, at) => value + margins[at]),
  };
}
