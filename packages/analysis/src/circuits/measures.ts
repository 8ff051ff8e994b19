/** Numbers that circuits and scores are judged by. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { checkNumbers } from "@mlxterp/results/errors";

/**
 * Areas over the share of edges, by trapezoids over a linear axis, as in MIB (Mueller et al. 2025, arXiv 2504.13151): `cpr` under
 * the faithfulness, higher is better; `cmd` under its distance from 1, lower is better.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless there are as many of both
 * @example
 * circuitAreas([0, 1], [0.5, 1]); // { cpr: 0.75, cmd: 0.25 }
 */
export function circuitAreas(
  fractions: readonly number[],
  faithfulness: readonly number[],
): { cpr: number; cmd: number } {
  checkNumbers("fractions", fractions);
  checkNumbers("faithfulness", faithfulness);
  if (fractions.length !== faithfulness.length) {
    const rule = `${fractions.length} fractions and ${faithfulness.length} values make no curve; give as many of each.`;
    throw new InvalidArgumentError("faithfulness", faithfulness.length, rule);
  }
  const area = (values: readonly number[]) =>
    fractions.slice(1).reduce((sum, fraction, index) => {
      return sum + ((fraction - fractions[index]) * (values[index] + values[index + 1])) / 2;
    }, 0);
  return { cpr: area(faithfulness), cmd: area(faithfulness.map((value) => Math.abs(1 - value))) };
}

/**
 * How often a true one scores higher than a false one, half where they are equal: 1 is perfect, 0.5 is chance.
 *
 * @param truth whether each is true
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless there are as many, some of both kinds, and no score is NaN
 * @example
 * auroc([3, 1, 2], [true, false, false]); // 1
 */
export function auroc(scores: ArrayLike<number>, truth: ArrayLike<boolean | number>): number {
  checkOrdered("scores", scores);
  checkTruth("truth", truth);
  const order = Array.from(scores, (score, index) => ({ score, hit: Boolean(truth[index]) }));
  const hits = order.filter(({ hit }) => hit).length;
  if (truth.length !== scores.length || hits === 0 || hits === order.length) {
    const rule = `must say of each of ${scores.length} scores whether it is true, with some of both kinds.`;
    throw new InvalidArgumentError("truth", hits, rule);
  }
  order.sort((a, b) => a.score - b.score);
  let sum = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && order[end].score === order[start].score) end++;
    const rank = (start + end + 1) / 2; // of equal ones the mean
    sum += rank * order.slice(start, end).filter(({ hit }) => hit).length;
  }
  return (sum - (hits * (hits + 1)) / 2) / (hits * (order.length - hits));
}

/**
 * Spearman's rank correlation: how alike two lists put the same things in order, from -1 to 1; equal numbers share their ranks.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless there are as many, at least two, not all equal, and none NaN
 * @example
 * rankCorrelation([1, 2, 3], [10, 20, 15]); // 0.5
 */
export function rankCorrelation(first: ArrayLike<number>, second: ArrayLike<number>): number {
  checkOrdered("first", first);
  checkOrdered("second", second);
  const [a, b] = [ranksOf(first), ranksOf(second)];
  const middle = (a.length + 1) / 2;
  const product = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, rank, at) => sum + (rank - middle) * (y[at] - middle), 0);
  const size = Math.sqrt(product(a, a) * product(b, b));
  if (a.length !== b.length || !(size > 0)) {
    const rule = `must hold as many numbers as first, which has ${a.length}, and neither may hold one number only.`;
    throw new InvalidArgumentError("second", second, rule);
  }
  return product(a, b) / size;
}

/** Numbers that have an order: NaN equals not even itself, so that whoever looks for equal ones never ends. */
function checkOrdered(argument: string, value: unknown): void {
  checkNumbers(argument, value);
  const place = Array.from(value as ArrayLike<number>).findIndex(Number.isNaN);
  if (place < 0) return;
  throw new InvalidArgumentError(
    argument,
    Number.NaN,
    `place ${place} holds NaN, which has no rank.`,
  );
}

/** Numbers, or whether they are true. */
function checkTruth(argument: string, value: unknown): void {
  const whether = (one: unknown) => (typeof one === "boolean" ? Number(one) : one);
  checkNumbers(argument, Array.isArray(value) ? value.map(whether) : value);
}

/** From 1; of equal ones the mean. */
function ranksOf(values: ArrayLike<number>): number[] {
  const order = Array.from(values, (value, at) => ({ value, at })).sort(
    (p, q) => p.value - q.value,
  );
  const ranks = new Array<number>(order.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && order[end].value === order[start].value) end++;
    for (const { at } of order.slice(start, end)) ranks[at] = (start + end + 1) / 2;
  }
  return ranks;
}
