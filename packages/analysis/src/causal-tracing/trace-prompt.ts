/** One prompt: run clean, run with noise once for every draw, and restored everywhere. */
import { notFiniteError } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { endAlike } from "../patching/causal.js";
import { type AskedAbout, judgeOf, type RunJudge } from "../patching/judge.js";
import { layersOf, layersWith } from "../patching/parts.js";
import type { PatchedRun, Source } from "../patching/runs.js";
import { runSweep, sitesOf } from "../patching/sweep.js";
import type { PatchWork } from "../patching/work.js";
import { EqualBaselinesError } from "../shared/errors.js";
import { stepLogits } from "../shared/lazy-pass.js";
import { mean, range } from "../shared/lists.js";
import { metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { ranksOf } from "../shared/ranks.js";
import { select } from "../shared/select.js";
import { sequenceRank } from "../shared/sequences.js";
import { embeddings, noised, noiseOf, type Subject } from "./noise.js";
import { type AskedTracing, tracedKinds } from "./options.js";
import { changesOf, intact, noisy, type Restored } from "./restorations.js";

export interface TracePlan {
  readonly index: number;
  readonly subject: Subject;
  readonly about: AskedAbout;
  readonly deviation: number;
  readonly maxRows: number;
  readonly work: PatchWork;
  readonly report: (done: number, total: number) => void;
  readonly asked: AskedTracing;
}

/** What one kind showed: scores of every layer and token, in each draw. */
export interface TracedKind {
  readonly kind: Restored["kind"];
  readonly layers: readonly number[];
  readonly tokens: readonly number[];
  readonly scores: readonly (readonly number[])[];
}

export interface TracedPrompt {
  readonly clean: number;
  readonly noised: number;
  /** Of the answer in the clean prediction. */
  readonly rank: number;
  readonly kinds: readonly TracedKind[];
}

/**
 * Runs everything once; where the answer is several tokens, once for each continuation.
 *
 * @throws EqualBaselinesError (`EQUAL_BASELINES`), NotFiniteError (`NOT_FINITE`)
 */
export async function tracePrompt(model: AnalysisModel, plan: TracePlan): Promise<TracedPrompt> {
  const { subject, asked } = plan;
  const metric = asked.metric ?? "probability";
  const judge = judgeOf(metric, plan.about);
  const cells = cellsOf(model, plan);
  const readings: TracedReading[] = [];
  for (const [reading] of judge.readings.entries()) {
    const report = (done: number) => plan.report(Math.floor((reading * cells.length + done) / judge.readings.length), cells.length); // biome-ignore format: one function
    readings.push(await traceReading(model, { ...plan, report }, cells, { judge, reading }));
  }
  const combined = (pick: (one: TracedReading) => readonly number[]) => judge.combine(readings.map(pick)); // biome-ignore format: one function
  const [clean] = combined((one) => [one.clean]);
  const without = mean(combined(({ scores }) => scores));
  if (Math.abs(clean - without) <= 1e-6 * Math.max(Math.abs(clean), Math.abs(without))) {
    throw new EqualBaselinesError(plan.index, metricName(metric), clean, without);
  }
  const found = combined((one) => one.found);
  if (!found.every(Number.isFinite)) {
    throw await notFiniteError("Scores of restored runs", model, [subject.ids]);
  }
  const { samples } = asked;
  const each = cells.map((_, cell) => found.slice(cell * samples, (cell + 1) * samples));
  return { clean, noised: without, rank: readings[0].rank, kinds: byKind(cells, each) };
}

/** What one continuation of the prompt showed. */
interface TracedReading {
  readonly clean: number;
  /** With noise, by draw. */
  readonly scores: readonly number[];
  /** By cell, and within it by draw. */
  readonly found: readonly number[];
  readonly rank: number;
}

async function traceReading(
  model: AnalysisModel,
  given: TracePlan,
  cells: readonly Restored[],
  of: JudgedReading,
): Promise<TracedReading> {
  const { fed, steps } = of.judge.readings[of.reading];
  const subject = { ...given.subject, ids: [...given.subject.ids, ...fed] };
  const plan = { ...given, subject };
  const { asked, maxRows, work, report } = plan;
  const { samples, signal } = asked;
  signal?.throwIfAborted();
  const runs = await bothRuns(model, plan);
  const { read, clean, scores, rank } = await judged(model, plan, runs, of);
  const [before] = subject.span;
  const same = endAlike(runs.noised.stream, runs.clean.stream, before) ? before : 0;
  const sources: Source[] = [];
  sources[intact] = { at: runs.clean.at, sameBefore: () => same };
  sources[noisy] = { at: runs.noised.at, isBase: true };
  const layersBy = new Map(tracedKinds.map((kind) => [kind, layersWith(model, kind)]));
  const list = cells.flatMap((cell) =>
    range(samples).map((draw) => runOf(cell, draw, (kind) => layersBy.get(kind)!, asked)),
  );
  const found = await runSweep(
    {
      ...{ model, scores, sources, maxRows, work, signal, steps: steps.length },
      ids: range(samples).map(() => subject.ids),
      base: runs.noised.at,
      embeddings: runs.noised.at(embeddings),
      judge: () => read,
      onRows: (rows) => report(Math.floor(rows / samples), cells.length),
    },
    list,
  );
  return { clean, scores, found, rank };
}

/** One of the passes that an answer takes. */
interface JudgedReading {
  readonly judge: RunJudge;
  readonly reading: number;
}

type Runs = Awaited<ReturnType<typeof bothRuns>>;

/** What the clean run and every noised one score. */
async function judged(
  model: AnalysisModel,
  { subject, about }: TracePlan,
  runs: Runs,
  { judge, reading }: JudgedReading,
) {
  const { steps } = judge.readings[reading];
  const [clean, noised] = [runs.clean, runs.noised].map(({ stream }) => stepLogits(model, stream, steps.length)); // biome-ignore format: one list
  const ending = (logits: MxArray) => logits.index(mx.Slice(), steps.length - 1);
  const reference = ending(clean);
  const read = judge.read(reading, reference);
  const score = (logits: MxArray) => read(steps.length === 1 ? ending(logits) : logits);
  const rank = reading === 0 ? sequenceRank(clean, steps) : ranksOf(reference, [about.answer.set]);
  const found = [score(clean), score(noised), rank];
  await evaluate([...found, reference]);
  const [[own], scores, [first]] = found.map((array) => [...toFlat(array)]);
  if (![own, ...scores].every(Number.isFinite)) {
    throw await notFiniteError("Scores", model, [subject.ids]);
  }
  return { read, clean: own, scores, rank: first };
}

/** The clean run, and those with noise, one row a draw. */
async function bothRuns(model: AnalysisModel, { subject, deviation, asked }: TracePlan) {
  const { samples, seed, severed } = asked;
  const kinds = [asked.kinds].flat();
  const last = `layers.${model.anatomy.layers - 1}`;
  const clean = await model.run([subject.ids], { save: [...sitesOf(kinds), last] });
  const held = severed === "none" ? [] : sitesOf([severed]);
  const noise = noiseOf(subject, model.anatomy.hidden, { samples, seed, deviation });
  const rows = range(samples).map(() => subject.ids);
  const interventions = noised(subject, noise);
  const other = await model.run(rows, {
    interventions,
    save: ["layers.*.input", embeddings, ...held, last],
  });
  const of = (cache: typeof clean) => ({
    at: (site: string) => cache.get(site),
    stream: cache.get(last),
  });
  return { clean: of(clean), noised: of(other) };
}

function cellsOf(model: AnalysisModel, { subject, asked }: TracePlan): Restored[] {
  const tokens = select("Position", asked.positions, subject.ids.length, "the prompt");
  return [...new Set([asked.kinds].flat())].flatMap((kind) =>
    layersOf(model, kind, asked.layers).flatMap((layer) =>
      tokens.map((token): Restored => ({ kind, layer, token })),
    ),
  );
}

function runOf(
  cell: Restored,
  draw: number,
  layersOf: (kind: Restored["kind"]) => readonly number[],
  asked: AskedTracing,
): PatchedRun {
  const changes = changesOf(cell, layersOf, asked);
  return {
    base: draw,
    changes: changes.map((change) => ({ ...change, row: change.source === noisy ? draw : 0 })),
  };
}

function byKind(cells: readonly Restored[], scores: readonly (readonly number[])[]): TracedKind[] {
  return [...new Set(cells.map(({ kind }) => kind))].map((kind) => {
    const own = cells.flatMap((cell, index) => (cell.kind === kind ? [index] : []));
    const unique = (name: "layer" | "token") => [
      ...new Set(own.map((index) => cells[index][name])),
    ];
    return {
      kind,
      layers: unique("layer"),
      tokens: unique("token"),
      scores: own.map((index) => scores[index]),
    };
  });
}
