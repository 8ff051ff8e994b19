/** Prompt pairs: run once each, and swept. */
import { notFiniteError } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { apart } from "../shared/baselines.js";
import { EqualBaselinesError } from "../shared/errors.js";
import { createMetric, type Metric, metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import { ranksOf } from "../shared/ranks.js";
import { effectOf } from "./effects.js";
import { type MatrixPlan, patchesOf, patchSite } from "./plan.js";
import type { PatchBaseline, PatchDirection, PatchEffect } from "./result.js";
import { runSweep } from "./sweep.js";

/** What is done with every pair. */
interface PairPlan {
  readonly index: number;
  readonly plans: readonly MatrixPlan[];
  readonly metric: Metric;
  readonly maxRows: number;
  readonly direction: PatchDirection;
  /** Told how many of this pair's patches are done. */
  readonly onRows: (done: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** What one pair showed. */
export interface PairOutcome {
  readonly baseline: PatchBaseline;
  /** Of the answer after the clean prompt, 1 for the most likely token. */
  readonly answerRank: number;
  /** One for each plan. */
  readonly effects: readonly PatchEffect[];
}

/**
 * Runs clean and corrupted once, then all patches.
 *
 * @throws EqualBaselinesError (`EQUAL_BASELINES`)
 */
export async function patchPair(
  model: AnalysisModel,
  pair: PromptPair,
  plan: PairPlan,
): Promise<PairOutcome> {
  const { plans, direction, maxRows, signal, onRows } = plan;
  signal?.throwIfAborted();
  const metric = createMetric(plan.metric, {
    answer: [pair.answer.set],
    wrongAnswer: pair.wrongAnswer && [pair.wrongAnswer.set],
  });
  const both = [pair.clean.ids, pair.corrupted.ids];
  const last = `layers.${model.anatomy.layers - 1}`;
  const cache = await model.run(both, { save: ["layers.*.input", ...sourceSites(plans), last] });
  const logits = unembedLast(model, cache.last(last));
  const judged = metric(logits);
  if (!toFlat(judged).every(Number.isFinite)) throw await notFiniteError("Scores", model, both);
  const baseline = baselineOf(judged, pair, plan);
  const [answerRank] = toFlat(ranksOf(logits, [pair.answer.set]));
  const run = (row: number) => (site: string) => cache.get(site).index(mx.Slice(row, row + 1));
  const [base, source] = direction === "denoising" ? [1, 0] : [0, 1];
  const runs = { model, ids: both[base], base: run(base), source: run(source) };
  const sweep = { ...runs, metric, maxRows, signal, onRows };
  const scores = await runSweep(sweep, plans.flatMap(patchesOf));
  if (!scores.every(Number.isFinite))
    throw await notFiniteError("Scores of patched runs", model, both);
  return { baseline, answerRank, effects: splitScores(scores, plans, baseline) };
}

function baselineOf(scores: MxArray, pair: PromptPair, { index, metric }: PairPlan): PatchBaseline {
  const [clean, corrupted] = toFlat(scores);
  if (apart(pair, clean, corrupted)) return { clean, corrupted };
  throw new EqualBaselinesError(index, metricName(metric), clean, corrupted);
}

function sourceSites(plans: readonly MatrixPlan[]): string[] {
  const kinds = new Set(plans.map(({ kind }) => kind));
  kinds.delete("residual"); // always saved, as what rows start from
  return [...kinds].map((kind) => patchSite(kind, "*"));
}

/** (rows, hidden) → (rows, vocab) */
function unembedLast({ anatomy }: AnalysisModel, residual: MxArray): MxArray {
  return anatomy.unembed(anatomy.finalNorm(residual));
}

function splitScores(
  scores: readonly number[],
  plans: readonly MatrixPlan[],
  baseline: PatchBaseline,
): PatchEffect[] {
  let start = 0;
  return plans.map((plan) => {
    const count = plan.layers.length * plan.columns.length;
    const own = scores.slice(start, start + count);
    start += count;
    return effectOf(own, plan.columns.length, baseline);
  });
}
