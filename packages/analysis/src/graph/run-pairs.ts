/** Pairs of prompts as batches of one length, run once each, with what they are judged by. */
import { notFiniteError } from "@mlxterp/core";
import { evaluate, mx, toFlat } from "@mlxterp/mlx";
import { EqualBaselinesError } from "../shared/errors.js";
import { inBatches } from "../shared/lists.js";
import { createMetric, type Metric, type MetricFunction, metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import { ranksOf } from "../shared/ranks.js";
import type { RunPairs } from "./edge-runs.js";
import type { ComponentGraph } from "./graph.js";
import { outputsOf } from "./outputs.js";

/** A batch of pairs that were run. */
export interface PairBatch extends RunPairs {
  /** The numbers of its pairs in the request. */
  readonly numbers: readonly number[];
  /** The metric of rows, each of which belongs to one of the batch's pairs. */
  readonly metricOf: (pairs: readonly number[]) => MetricFunction;
  readonly baselines: readonly PairBaseline[];
}

/** The metric without any change, and where the answer stands in the clean prediction. */
export interface PairBaseline {
  readonly clean: number;
  readonly corrupted: number;
  readonly answerRank: number;
}

/** Pairs by length, in batches; each batch is let go before the next is run. */
export async function* runPairs(
  model: AnalysisModel,
  graph: ComponentGraph,
  pairs: readonly PromptPair[],
  {
    metric,
    batchSize,
    signal,
  }: { metric: Metric; batchSize: number; signal?: AbortSignal | undefined },
): AsyncGenerator<PairBatch> {
  const numbers = pairs.map((_, index) => index);
  const lengths = [...new Set(pairs.map(({ clean }) => clean.ids.length))];
  for (const length of lengths) {
    const own = numbers.filter((index) => pairs[index].clean.ids.length === length);
    for (const batch of inBatches(own, batchSize)) {
      signal?.throwIfAborted();
      yield await runBatch(model, graph, pairs, batch, metric);
    }
  }
}

async function runBatch(
  model: AnalysisModel,
  graph: ComponentGraph,
  pairs: readonly PromptPair[],
  numbers: readonly number[],
  metric: Metric,
): Promise<PairBatch> {
  const own = numbers.map((number) => pairs[number]);
  const ids = own.map(({ clean }) => clean.ids);
  const others = own.map(({ corrupted }) => corrupted.ids);
  const metricOf = (rows: readonly number[]) =>
    createMetric(metric, {
      answer: rows.map((row) => own[row].answer.id),
      wrongAnswer: own[0].wrongAnswer && rows.map((row) => own[row].wrongAnswer!.id),
    });
  const [clean, corrupted] = [await outputsOf(model, ids), await outputsOf(model, others)];
  const all = ids.map((_, row) => row);
  const judged = [clean, corrupted].map(({ stream }) => {
    const { anatomy } = model;
    const logits = anatomy.unembed(anatomy.finalNorm(stream[graph.layers].index(mx.Slice(), -1)));
    return { score: metricOf(all)(logits), rank: ranksOf(logits, own.map(({ answer }) => answer.id)) }; // biome-ignore format: one row
  });
  await evaluate(judged.flatMap(({ score, rank }) => [score, rank]));
  const [scores, otherScores] = judged.map(({ score }) => toFlat(score));
  const ranks = toFlat(judged[0].rank);
  if (![...scores, ...otherScores].every(Number.isFinite)) {
    throw await notFiniteError("Scores", model, [...ids, ...others]);
  }
  const baselines = all.map((row): PairBaseline => {
    checkApart(own[row], scores[row], otherScores[row], { metric, number: numbers[row] });
    return { clean: scores[row], corrupted: otherScores[row], answerRank: ranks[row] };
  });
  return { model, graph, ids, clean, corrupted, numbers, metricOf, baselines };
}

/** Scores that differ by less, relative to the larger, differ by the rounding of their rows only. */
const rounding = 1e-5;

/** @throws EqualBaselinesError (`EQUAL_BASELINES`) */
function checkApart(
  pair: PromptPair,
  clean: number,
  corrupted: number,
  { metric, number }: { readonly metric: Metric; readonly number: number },
): void {
  const least = rounding * Math.max(Math.abs(clean), Math.abs(corrupted));
  const differ = pair.clean.ids.some((id, position) => id !== pair.corrupted.ids[position]);
  if (differ && Math.abs(clean - corrupted) > least) return;
  throw new EqualBaselinesError(number, metricName(metric), clean, corrupted);
}
