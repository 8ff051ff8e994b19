/** Prompt pairs: run once each, and swept. */
import { notFiniteError } from "@mlxterp/core";
import { judgeOf } from "../patching/judge.js";
import type { NextToken } from "../patching/next-tokens.js";
import type { PatchedRun } from "../patching/runs.js";
import { runSweep } from "../patching/sweep.js";
import type { PatchWork } from "../patching/work.js";
import { apart } from "../shared/baselines.js";
import { EqualBaselinesError } from "../shared/errors.js";
import { mean } from "../shared/lists.js";
import { type Metric, metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import { alignmentOf } from "./alignment.js";
import { type BothFacts, type JudgedReading, judgeBoth, runBoth } from "./both-runs.js";
import { effectOf } from "./effects.js";
import { type CellChange, cellsOf, type MatrixPlan } from "./plan.js";
import type { PatchBaseline, PatchDirection, PatchEffect } from "./result.js";
import { type Replacement, type RowSource, sourceOf } from "./sources.js";

/** What is done with every pair. */
export interface PairPlan {
  readonly index: number;
  readonly plans: readonly MatrixPlan[];
  readonly metric: Metric;
  readonly maxRows: number;
  readonly direction: PatchDirection;
  readonly replacement: Replacement;
  readonly work: PatchWork;
  /** Told how many of this pair's runs are done. */
  readonly onRows: (done: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** What one pair showed. */
export interface PairOutcome {
  readonly baseline: PatchBaseline;
  /** Of the answer after the clean prompt, 1 for the most likely token. */
  readonly answerRank: number;
  /** Whether the clean prompt makes it more likely than the wrong one, where there is one. */
  readonly prefers: boolean | undefined;
  /** One for each plan. */
  readonly effects: readonly PatchEffect[];
  /** What is said after the clean and the corrupted prompt. */
  readonly said: readonly NextToken[];
  /** What each cell of each plan says instead; undefined where a cell is the mean of several runs. */
  readonly next: readonly (readonly NextToken[])[] | undefined;
}

/**
 * Runs clean and corrupted once, then all patches; where an answer is several tokens, once for each continuation.
 *
 * @throws EqualBaselinesError (`EQUAL_BASELINES`), NotFiniteError (`NOT_FINITE`)
 */
export async function patchPair(
  model: AnalysisModel,
  pair: PromptPair,
  plan: PairPlan,
): Promise<PairOutcome> {
  const judge = judgeOf(plan.metric, pair);
  const found: ReadingOutcome[] = [];
  for (const reading of judge.readings.keys()) {
    const before = found.length / judge.readings.length;
    const onRows = (rows: number) => plan.onRows(Math.floor(before * countOf(plan) + rows / judge.readings.length)); // biome-ignore format: one function
    found.push(await patchReading(model, pair, { ...plan, onRows }, { judge, reading }));
  }
  const combined = judge.combine(found.map(({ scores }) => scores));
  const [clean, corrupted] = judge.combine(found.map(({ own }) => own));
  if (!apart(pair, clean, corrupted)) {
    throw new EqualBaselinesError(plan.index, metricName(plan.metric), clean, corrupted);
  }
  if (!combined.every(Number.isFinite)) {
    const both = [pair.clean.ids, pair.corrupted.ids];
    throw await notFiniteError("Scores of patched runs", model, both);
  }
  const baseline = { clean, corrupted };
  return {
    baseline,
    answerRank: found[0].answerRank,
    prefers: found[0].prefers,
    effects: byPlan(combined, plan.plans).map((own, at) =>
      effectOf(own, plan.plans[at].columns.length, baseline),
    ),
    said: found[0].next,
    next: found[0].cells && byPlan(found[0].cells, plan.plans),
  };
}

/** How many cells a pair has. */
export function countOf({ plans }: Pick<PairPlan, "plans">): number {
  return plans.reduce((sum, { layers, columns }) => sum + layers.length * columns.length, 0);
}

interface ReadingOutcome extends BothFacts {
  /** Of each cell. */
  readonly scores: readonly number[];
  /** What each says next, where it is one run. */
  readonly cells: readonly NextToken[] | undefined;
}

async function patchReading(
  model: AnalysisModel,
  pair: PromptPair,
  plan: PairPlan,
  { judge, reading }: JudgedReading,
): Promise<ReadingOutcome> {
  const { plans, direction, replacement, maxRows, signal, work, onRows } = plan;
  signal?.throwIfAborted();
  const { fed, steps } = judge.readings[reading];
  const both = [pair.clean, pair.corrupted].map(({ ids }) => [...ids, ...fed]);
  const runs = await runBoth(model, both, plans, replacement.name === "prompt");
  const alignment = alignmentOf(pair, fed.length);
  const facts = await judgeBoth(model, pair, runs.logits(steps.length), { judge, reading });
  const [base, other] = direction === "denoising" ? [1, 0] : [0, 1];
  const source = await sourceOf(model, replacement, { runs, base, other, alignment, fed, signal });
  const own = { at: runs.of(base), isBase: true };
  const cells = plans.flatMap(cellsOf);
  const samples = source.rows.length;
  const asksNext = reading === 0 && samples === 1;
  const next = asksNext ? { base: [facts.next[base]], found: [] as NextToken[] } : undefined;
  const found = await runSweep(
    {
      ...{ model, maxRows, signal, work, next, ids: [both[base]], base: runs.of(base) },
      scores: [facts.own[base]],
      sources: [source, own],
      steps: steps.length,
      judge: () => judge.read(reading, facts.reference),
      onRows: (rows) => onRows(Math.floor(rows / samples)),
    },
    cells.flatMap((changes) => runsOf(changes, source)),
  );
  const scores = cells.map((_, cell) => mean(found.slice(cell * samples, (cell + 1) * samples)));
  return { ...facts, scores, cells: next?.found };
}

/** A cell as one run for each of the source's rows; the source is number 0, what is kept number 1. */
function runsOf(changes: readonly CellChange[], source: RowSource): PatchedRun[] {
  return source.rows.map((row) => ({
    base: 0,
    changes: changes.map(({ keeps, ...change }) =>
      keeps
        ? { ...change, source: 1, row: 0 }
        : { ...change, positions: source.positionsOf(change.positions), source: 0, row },
    ),
  }));
}

/** Cells of all plans, each plan's by themselves. */
function byPlan<T>(cells: readonly T[], plans: readonly MatrixPlan[]): (readonly T[])[] {
  let start = 0;
  return plans.map((plan) => {
    const own = cells.slice(start, start + countOf({ plans: [plan] }));
    start += own.length;
    return own;
  });
}
