/** Prompt pairs: run once each, and swept. */
import { notFiniteError } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { judgeOf, type RunJudge } from "../patching/judge.js";
import type { Part } from "../patching/parts.js";
import type { PatchedRun } from "../patching/runs.js";
import { runSweep, sitesOf } from "../patching/sweep.js";
import type { PatchWork } from "../patching/work.js";
import { apart } from "../shared/baselines.js";
import { EqualBaselinesError } from "../shared/errors.js";
import { mean } from "../shared/lists.js";
import { type Metric, metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import { type Reading, sequenceLogProbability, sequenceRank } from "../shared/sequences.js";
import { alignmentOf } from "./alignment.js";
import { effectOf } from "./effects.js";
import { cellsOf, type MatrixPlan } from "./plan.js";
import type { PatchBaseline, PatchDirection, PatchEffect } from "./result.js";
import { axisOf, type BothRuns, type Replacement, sourceOf } from "./sources.js";

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
    effects: splitScores(combined, plan.plans, baseline),
  };
}

/** How many cells a pair has. */
export function countOf({ plans }: Pick<PairPlan, "plans">): number {
  return plans.reduce((sum, { layers, columns }) => sum + layers.length * columns.length, 0);
}

interface ReadingOutcome {
  /** Of each cell. */
  readonly scores: readonly number[];
  /** Of the clean and the corrupted run. */
  readonly own: readonly number[];
  readonly answerRank: number;
  readonly prefers: boolean | undefined;
}

interface JudgedReading {
  readonly judge: RunJudge;
  readonly reading: number;
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
  const runs = await runBoth(model, both, plan);
  const alignment = alignmentOf(pair, fed.length);
  const facts = await judgeBoth(model, pair, runs.logits(steps.length), { judge, reading });
  const [base, other] = direction === "denoising" ? [1, 0] : [0, 1];
  const source = await sourceOf(model, replacement, { runs, base, other, alignment, fed, signal });
  const own = { at: runs.of(base), isBase: true };
  const cells = plans.flatMap(cellsOf);
  const changed = cells.flatMap((changes): PatchedRun[] =>
    source.rows.map((row) => ({
      base: 0,
      changes: changes.map(({ keeps, positions, ...change }) => ({
        ...change,
        positions: keeps ? positions : source.positionsOf(positions),
        ...(keeps ? { source: 1, row: 0 } : { source: 0, row }),
      })),
    })),
  );
  const found = await runSweep(
    {
      ...{ model, maxRows, signal, work, ids: [both[base]], base: runs.of(base) },
      scores: [facts.own[base]],
      sources: [source, own],
      steps: steps.length,
      judge: () => judge.read(reading, facts.reference),
      onRows: (rows) => onRows(Math.floor(rows / source.rows.length)),
    },
    changed,
  );
  const samples = source.rows.length;
  const scores = cells.map((_, cell) => mean(found.slice(cell * samples, (cell + 1) * samples)));
  return { ...facts, scores };
}

/** Both prompts in one pass, each with its own positions only. */
async function runBoth(
  model: AnalysisModel,
  both: readonly (readonly number[])[],
  { plans, replacement }: PairPlan,
): Promise<BothRuns> {
  const last = `layers.${model.anatomy.layers - 1}`;
  const kinds: Part[] = replacement.name === "prompt" ? plans.map(({ kind }) => kind) : [];
  if (plans.some(({ group }) => group !== undefined)) kinds.push("head");
  const wanted = sitesOf(kinds.filter((kind) => kind !== "residual"));
  const cache = await model.run(both, { save: ["layers.*.input", ...wanted, last] });
  const widths = both.map(({ length }) => length);
  const ragged = widths[0] !== widths[1];
  return {
    lengths: widths,
    of: (row) => (site) => {
      const own = cache.get(site).index(mx.Slice(row, row + 1));
      return ragged ? withoutPadding(own, site, widths[row]) : own;
    },
    logits: (steps) =>
      [0, 1].map((row) => {
        const stream = cache.get(last).index(row, mx.Slice(widths[row] - steps, widths[row]));
        return model.anatomy.unembed(model.anatomy.finalNorm(stream)); // (steps, vocab)
      }),
    resultOf: (row) => cache.get(last).index(mx.Slice(row, row + 1), mx.Slice(0, widths[row])),
  };
}

/** Of sites with one axis of positions. */
function withoutPadding(x: MxArray, site: string, length: number): MxArray {
  const own = mx.Slice(0, length);
  return axisOf(site) === 2 ? x.index(mx.Slice(), mx.Slice(), own) : x.index(mx.Slice(), own);
}

interface BothFacts extends Omit<ReadingOutcome, "scores"> {
  /** The clean run's logits at the last position, (1, vocab). */
  readonly reference: MxArray;
}

/** What both runs score, and where the answer stands after the clean prompt. */
async function judgeBoth(
  model: AnalysisModel,
  { answer, wrongAnswer, clean: own, corrupted }: PromptPair,
  logits: readonly MxArray[],
  { judge, reading }: JudgedReading,
): Promise<BothFacts> {
  const { steps }: Reading = judge.readings[reading];
  const reference = logits[0].index(mx.Slice(-1, null));
  const score = judge.read(reading, reference);
  const judged = logits.map((one) => score(steps.length === 1 ? one : mx.expandDims(one, 0)));
  const clean = mx.expandDims(logits[0], 0);
  const asked = reading === 0 ? steps : [answer.set];
  const rank = sequenceRank(clean, asked);
  const likely = [answer, ...(wrongAnswer ? [wrongAnswer] : [])].map(({ set }) =>
    sequenceLogProbability(clean.index(mx.Slice(), mx.Slice(0, 1)), [set]),
  );
  await evaluate([...judged, rank, ...likely, reference]);
  const scores = judged.map((one) => toFlat(one)[0]);
  if (!scores.every(Number.isFinite)) {
    throw await notFiniteError("Scores", model, [own.ids, corrupted.ids]);
  }
  const [right, wrong] = likely.map((one) => toFlat(one)[0]);
  const single = !answer.sequence && !wrongAnswer?.sequence;
  return {
    own: scores,
    answerRank: toFlat(rank)[0],
    prefers: single && wrong !== undefined ? right > wrong : undefined,
    reference,
  };
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
