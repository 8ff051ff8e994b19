/** Prompts with all heads and without some: each run once, and once more from the first changed layer on. */
import { notFiniteError } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { RunControl } from "@mlxterp/results";
import { judgeOf, type RunJudge } from "../patching/judge.js";
import { siteOf } from "../patching/parts.js";
import type { PatchedRun, Source } from "../patching/runs.js";
import { runSweep } from "../patching/sweep.js";
import { stepLogits } from "../shared/lazy-pass.js";
import { numbersByLength } from "../shared/lists.js";
import { createMetric, type Metric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { Questions } from "../shared/questions.js";
import { ranksOf } from "../shared/ranks.js";
import { sequenceRank } from "../shared/sequences.js";
import type { HeadAddress } from "./result.js";

export interface ScorePlan {
  readonly metric: Metric;
  readonly heads: readonly HeadAddress[];
  readonly source: Source;
  readonly batchSize: number;
  readonly control: RunControl;
}

/** Prompt by prompt. */
export interface BothScores {
  readonly baseline: readonly number[];
  readonly ablated: readonly number[];
  readonly ranks: readonly number[];
}

/** @throws NotFiniteError (`NOT_FINITE`) */
export async function scoreBoth(
  model: AnalysisModel,
  questions: Questions,
  plan: ScorePlan,
): Promise<BothScores> {
  const { list, answers, wrongAnswers } = questions;
  const { signal, onProgress } = plan.control;
  const lengths = list.map(({ ids }) => ids.length);
  const together = [...answers, ...(wrongAnswers ?? [])].every(({ sequence }) => !sequence);
  const found = { baseline: [] as number[], ablated: [] as number[], ranks: [] as number[] };
  let done = 0;
  for (const numbers of numbersByLength(lengths, together ? plan.batchSize : 1)) {
    signal?.throwIfAborted();
    const judge = together ? batchJudge(plan.metric, questions, numbers) : judgeOf(plan.metric, { answer: answers[numbers[0]], wrongAnswer: wrongAnswers?.[numbers[0]] }); // biome-ignore format: one choice
    const scores = await scoreBatch(model, numbers.map((number) => list[number].ids), judge, plan); // biome-ignore format: one call
    numbers.forEach((number, row) => {
      found.baseline[number] = scores.baseline[row];
      found.ablated[number] = scores.ablated[row];
      found.ranks[number] = scores.ranks[row];
    });
    done += 2 * numbers.length;
    onProgress?.({ done, total: 2 * list.length, stage: "ablation" });
  }
  if (![...found.baseline, ...found.ablated].every(Number.isFinite)) {
    const ids = list.map((prompt) => prompt.ids);
    throw await notFiniteError("Scores", model, ids);
  }
  return found;
}

/** The judge of several prompts, whose answers are read at the last position. */
interface BatchJudge extends Pick<RunJudge, "readings" | "combine"> {
  read(reading: number, reference: MxArray, rows: readonly number[]): (logits: MxArray) => MxArray;
  rank(logits: MxArray): MxArray;
}

function batchJudge(
  metric: Metric,
  { answers, wrongAnswers }: Questions,
  numbers: readonly number[],
): BatchJudge {
  const own = numbers.map((number) => answers[number].set);
  const wrong = wrongAnswers && numbers.map((number) => wrongAnswers[number].set);
  return {
    readings: [{ fed: [], steps: [own[0]] }],
    read: (_, reference, rows) =>
      createMetric(metric, {
        answer: rows.map((row) => own[row]),
        wrongAnswer: wrong && rows.map((row) => wrong[row]),
        reference: mx.take(reference, mx.array([...rows], mx.int32), 0),
      }),
    combine: ([scores]) => [...scores],
    rank: (logits) => ranksOf(logits, own),
  };
}

async function scoreBatch(
  model: AnalysisModel,
  prompts: readonly (readonly number[])[],
  judge: BatchJudge | RunJudge,
  { heads, source, control }: ScorePlan,
): Promise<BothScores> {
  const intact: number[][] = [];
  const changed: number[][] = [];
  let ranks: readonly number[] = [];
  const { anatomy } = model;
  const start = Math.min(...heads.map(([layer]) => layer));
  const [input, last] = [siteOf("residual", start), `layers.${anatomy.layers - 1}`];
  const all = prompts.map((_, row) => row);
  for (const [reading, { fed, steps }] of judge.readings.entries()) {
    const ids = prompts.map((own) => [...own, ...fed]);
    const cache = await model.run(ids, { save: [siteOf("residual", 0), input, last] });
    const logits = stepLogits(model, cache.get(last), steps.length); // (rows, steps, vocab)
    const ending = logits.index(mx.Slice(), steps.length - 1);
    const read = (rows: readonly number[]) => judge.read(reading, ending, rows);
    const score = read(all)(steps.length === 1 ? ending : logits);
    const rank = "rank" in judge ? judge.rank(ending) : sequenceRank(logits, steps);
    await evaluate([score, rank, ending]);
    const scores = [...toFlat(score)];
    if (reading === 0) ranks = [...toFlat(rank)];
    intact.push(scores);
    const runs = all.map((base) => withoutHeads(heads, base));
    const at = (site: string) => cache.get(site);
    changed.push(await runSweep({ model, ids, base: at, scores, sources: [source], judge: read, steps: steps.length, maxRows: ids.length, signal: control.signal }, runs)); // biome-ignore format: one call
  }
  return { baseline: judge.combine(intact), ablated: judge.combine(changed), ranks };
}

/** One run with all heads replaced together. */
function withoutHeads(heads: readonly HeadAddress[], base: number): PatchedRun {
  const byLayer = new Map<number, number[]>();
  for (const [layer, head] of heads) byLayer.set(layer, [...(byLayer.get(layer) ?? []), head]);
  const changes = [...byLayer].map(([layer, units]) => {
    return { part: "head" as const, layer, positions: null, units, source: 0, row: 0 };
  });
  return { base, changes };
}
