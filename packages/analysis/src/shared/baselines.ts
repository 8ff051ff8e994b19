/** What a batch of pairs is judged by, and how both prompts of each score without any change. */
import { notFiniteError } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { EqualBaselinesError } from "./errors.js";
import { numbersByLength } from "./lists.js";
import { createMetric, type Metric, type MetricFunction, metricName } from "./metrics.js";
import type { AnalysisModel } from "./model.js";
import type { PromptPair } from "./pairs.js";
import { ranksOf } from "./ranks.js";
import { logProbabilityOf } from "./token-sets.js";

/** The metric without any change, and where the answer stands in the clean prediction. */
export interface PairBaseline {
  readonly clean: number;
  readonly corrupted: number;
  readonly answerRank: number;
  /** Whether the clean prompt makes the answer more likely than the wrong one, where there is one. */
  readonly prefers?: boolean;
}

/** A batch of pairs whose runs are known. */
export interface JudgedPairs {
  /** The metric of rows, each of which belongs to one of the batch's pairs. */
  readonly metricOf: (pairs: readonly number[]) => MetricFunction;
  readonly baselines: readonly PairBaseline[];
}

/** Numbers of pairs in batches of one length, short ones first as they come. */
export function batchesByLength(pairs: readonly PromptPair[], batchSize: number): number[][] {
  return numbersByLength(
    pairs.map(({ clean }) => clean.ids.length),
    batchSize,
  );
}

/**
 * @param numbers of the batch's pairs among all
 * @param streams the residual stream after the last layer, of the clean and the corrupted runs, (batch, position, hidden)
 * @throws EqualBaselinesError (`EQUAL_BASELINES`), NotFiniteError (`NOT_FINITE`)
 */
export async function judgePairs(
  model: AnalysisModel,
  pairs: readonly PromptPair[],
  numbers: readonly number[],
  metric: Metric,
  streams: readonly [clean: MxArray, corrupted: MxArray],
): Promise<JudgedPairs> {
  const own = numbers.map((number) => pairs[number]);
  const answers = own.map(({ answer }) => answer.set);
  const wrong = own.flatMap(({ wrongAnswer }) => (wrongAnswer ? [wrongAnswer.set] : []));
  const both = streams.map((stream) =>
    model.anatomy.unembed(model.anatomy.finalNorm(stream.index(mx.Slice(), -1))),
  );
  const reference = metric === "kl" ? both[0] : undefined; // of a whole vocabulary, so kept only where it is asked for
  const metricOf = metricOfRows(own, metric, reference);
  const all = own.map((_, row) => row);
  const judged = both.map((logits) => [metricOf(all)(logits), ranksOf(logits, answers)]);
  const likely = (wrong.length > 0 ? [answers, wrong] : []).map((sets) => logProbabilityOf(both[0], sets)); // biome-ignore format: one list
  await evaluate([...judged.flat(), ...likely, ...(reference ? [reference] : [])]);
  const [right, other] = likely.map((one) => toFlat(one));
  const [[scores, ranks], [otherScores]] = judged.map((arrays) => arrays.map((one) => toFlat(one)));
  if (![...scores, ...otherScores].every(Number.isFinite)) {
    const ids = own.flatMap(({ clean, corrupted }) => [clean.ids, corrupted.ids]);
    throw await notFiniteError("Scores", model, ids);
  }
  const baselines = own.map((pair, row): PairBaseline => {
    const [clean, corrupted] = [scores[row], otherScores[row]];
    if (!apart(pair, clean, corrupted)) {
      throw new EqualBaselinesError(numbers[row], metricName(metric), clean, corrupted);
    }
    const prefers = right && { prefers: right[row] > other[row] };
    return { clean, corrupted, answerRank: ranks[row], ...prefers };
  });
  return { metricOf, baselines };
}

/**
 * The metric of rows of logits, each of which belongs to one of these pairs.
 *
 * @param reference logits of their clean runs, (pairs, vocab), for `kl`
 */
export function metricOfRows(
  own: readonly PromptPair[],
  metric: Metric,
  reference?: MxArray,
): (rows: readonly number[]) => MetricFunction {
  const { wrongAnswer } = own[0];
  return (rows) =>
    createMetric(metric, {
      answer: rows.map((row) => own[row].answer.set),
      wrongAnswer: wrongAnswer && rows.map((row) => own[row].wrongAnswer!.set),
      ...(reference && { reference: mx.take(reference, mx.array([...rows], mx.int32), 0) }),
    });
}

/** Scores that differ by less, relative to the larger, differ by the rounding of their rows only. */
const rounding = 1e-5;

/** Whether the prompts differ, and their scores by more than rounding makes of one prompt. */
export function apart({ clean, corrupted }: PromptPair, score: number, other: number): boolean {
  const least = rounding * Math.max(Math.abs(score), Math.abs(other));
  return clean.ids.some((id, at) => id !== corrupted.ids[at]) && Math.abs(score - other) > least;
}
