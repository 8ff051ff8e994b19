/** What a batch of pairs is judged by, and how both prompts of each score without any change. */
import { notFiniteError } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { EqualBaselinesError } from "./errors.js";
import { stepLogits } from "./lazy-pass.js";
import { numbersByLength, range } from "./lists.js";
import { createMetric, type Metric, type MetricFunction, metricName } from "./metrics.js";
import type { AnalysisModel } from "./model.js";
import type { PromptPair } from "./pairs.js";
import { ranksOf } from "./ranks.js";
import { logProbabilityOf, type TokenSet } from "./token-sets.js";

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

/** Numbers of pairs in batches that are alike: of one length, read at as many positions, and aligned in the same way. */
export function batchesByLength(pairs: readonly PromptPair[], batchSize: number): number[][] {
  const known = new Map<string, number>();
  const kinds = pairs.map(({ clean, aligned, reading }) => {
    const kind = JSON.stringify([clean.ids.length, reading?.steps.length, aligned]);
    const number = known.get(kind) ?? known.size;
    known.set(kind, number);
    return number;
  });
  return numbersByLength(kinds, batchSize);
}

/** At how many last positions the pairs of a batch are read; undefined for answers of one token. */
export function stepsOf([pair]: readonly PromptPair[]): number | undefined {
  return pair.reading?.steps.length;
}

/**
 * What metrics of a batch take: the logits at the last position, (rows, vocab), or at the last of several steps, (rows, steps, vocab).
 *
 * @param stream after the last layer, (rows, position, hidden)
 */
export function endLogits(
  model: AnalysisModel,
  stream: MxArray,
  steps: number | undefined,
): MxArray {
  if (steps !== undefined) return stepLogits(model, stream, steps);
  return model.anatomy.unembed(model.anatomy.finalNorm(stream.index(mx.Slice(), -1)));
}

/** The same in a pass with backward rules, which hold the final norm as they hold those of layers. */
export function endLogitsOfPass(
  model: AnalysisModel,
  pass: { value(site: string): MxArray },
  steps: number | undefined,
): MxArray {
  const { anatomy } = model;
  const own = model.sites().some(({ site }) => site === "finalNorm.scale");
  if (!own) return endLogits(model, pass.value(`layers.${anatomy.layers - 1}`), steps);
  const normed = pass.value("finalNorm"); // (rows, position, hidden)
  if (steps === undefined) return anatomy.unembed(normed.index(mx.Slice(), -1));
  const [, length] = normed.shape;
  return anatomy.unembed(normed.index(mx.Slice(), mx.Slice(length - steps, length)));
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
  const steps = stepsOf(own);
  const answers = own.map(({ answer }) => answer.set);
  const wrong = own.flatMap(({ wrongAnswer }) => (wrongAnswer ? [wrongAnswer.set] : []));
  const both = logitsOfBoth(model, streams, steps);
  const reference = metric === "kl" ? both[0] : undefined; // of a whole vocabulary, so kept only where it is asked for
  const metricOf = metricOfRows(own, metric, reference);
  const all = own.map((_, row) => row);
  const rank = (logits: MxArray) =>
    steps === undefined ? ranksOf(logits, answers) : worstRanks(logits, own);
  const judged = both.map((logits) => [metricOf(all)(logits), rank(logits)]);
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
    if (steps === undefined && !apart(pair, clean, corrupted)) {
      throw new EqualBaselinesError(numbers[row], metricName(metric), clean, corrupted);
    }
    const prefers = right && { prefers: right[row] > other[row] };
    return { clean, corrupted, answerRank: ranks[row], ...prefers };
  });
  return { metricOf, baselines };
}

/** The unembedding is read once for both, where they are equally long: for few rows that is what it costs. */
function logitsOfBoth(
  model: AnalysisModel,
  streams: readonly [clean: MxArray, corrupted: MxArray],
  steps: number | undefined,
): MxArray[] {
  const [rows, length] = streams[0].shape;
  if (streams[1].shape[1] !== length) return streams.map((one) => endLogits(model, one, steps));
  const logits = endLogits(model, mx.concatenate([...streams], 0), steps);
  return [0, rows].map((start) => logits.index(mx.Slice(start, start + rows)));
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
  if (stepsOf(own) !== undefined) {
    return (rows) => (logits) => logProbabilityOfSteps(logits, rows.map((row) => own[row])); // biome-ignore format: one function
  }
  return (rows) =>
    createMetric(metric, {
      answer: rows.map((row) => own[row].answer.set),
      wrongAnswer: wrongAnswer && rows.map((row) => own[row].wrongAnswer!.set),
      ...(reference && { reference: mx.take(reference, mx.array([...rows], mx.int32), 0) }),
    });
}

/** What each row looks for at one of its steps. */
function setsAt(rows: readonly PromptPair[], step: number): TokenSet[] {
  return rows.map(({ reading }) => reading!.steps[step]);
}

/** The sum over steps of the log probability of each row’s tokens; (rows, steps, vocab) → (rows). Lazy. */
function logProbabilityOfSteps(logits: MxArray, rows: readonly PromptPair[]): MxArray {
  return range(logits.shape[1])
    .map((step) => logProbabilityOf(logits.index(mx.Slice(), step), setsAt(rows, step)))
    .reduce((sum, own) => mx.add(sum, own));
}

function worstRanks(logits: MxArray, rows: readonly PromptPair[]): MxArray {
  return range(logits.shape[1])
    .map((step) => ranksOf(logits.index(mx.Slice(), step), setsAt(rows, step)))
    .reduce((worst, own) => mx.maximum(worst, own));
}

/** Scores that differ by less, relative to the larger, differ by the rounding of their rows only. */
const rounding = 1e-5;

/** Whether the prompts differ, and their scores by more than rounding makes of one prompt. */
export function apart({ clean, corrupted }: PromptPair, score: number, other: number): boolean {
  const least = rounding * Math.max(Math.abs(score), Math.abs(other));
  return clean.ids.some((id, at) => id !== corrupted.ids[at]) && Math.abs(score - other) > least;
}
