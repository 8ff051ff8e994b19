/**
 * Many patched runs as few passes, in which the batch grows layer by layer.
 *
 * A run that is patched in layer 7 is the base run up to layer 7, so it need not exist before: its row joins the pass
 * at the input of layer 7, as a copy of the base run's residual stream there, takes its patch, and shares every
 * product above with all other rows. The first layer of a pass gets its input from the base run as well, so
 * nothing below it is computed at all: those layers are built as a graph that nobody asks for. Runs that are equal are made once, and
 * those that change nothing not at all.
 */
import { growsBatch, type Intervention, type Interventions } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { lastLogits, lastLogitsOf, lazyPass } from "../shared/lazy-pass.js";
import type { AnalysisModel } from "../shared/model.js";
import { exchange, type RowChange, valuesAt } from "./exchange.js";
import { type NextToken, type NextTokens, nextTokens, readNext } from "./next-tokens.js";
import { type Part, parts, siteOf } from "./parts.js";
import { distinctRuns } from "./reach.js";
import { type Activations, type PatchedRun, type Source, startOf } from "./runs.js";
import { addWork, type PatchWork } from "./work.js";

/** Scores of rows, each of which began as one of the base runs: logits (rows, vocab), or (rows, steps, vocab) → (rows). */
export type Judge = (bases: readonly number[]) => (logits: MxArray) => MxArray;

export interface Sweep {
  readonly model: AnalysisModel;
  /** The tokens of the runs that are patched, of one length. */
  readonly ids: readonly (readonly number[])[];
  /** The runs that are patched: their `layers.i.input`. */
  readonly base: Activations;
  /** What those score without a change. */
  readonly scores: readonly number[];
  readonly sources: readonly Source[];
  readonly judge: Judge;
  /** At how many last positions logits are read; with one, the judge gets them without that axis. */
  readonly steps?: number;
  readonly maxRows: number;
  readonly signal?: AbortSignal | undefined;
  /** Called after each pass with the number of runs done. */
  readonly onRows?: (rows: number) => void;
  /** Counts what is done. */
  readonly work?: PatchWork;
  /** Asks for the likeliest next token of each run. */
  readonly next?: NextTokens | undefined;
}

/** The score of each patched run, in the order of the runs. */
export async function runSweep(sweep: Sweep, given: readonly PatchedRun[]): Promise<number[]> {
  const { model, ids, sources, steps = 1, scores, maxRows } = sweep;
  const { layers } = model.anatomy;
  const { runs, of } = distinctRuns(given, { layers, length: ids[0].length, steps, sources });
  const order = runs.map((_, index) => index).sort((a, b) => startOf(runs[a]) - startOf(runs[b]));
  const found = new Array<ChunkAnswer>(runs.length);
  if (sweep.work) addWork(sweep.work, { layers, asked: given.length, runs, maxRows });
  const merged = given.length - runs.length;
  for (let start = 0; start < order.length; start += maxRows) {
    sweep.signal?.throwIfAborted();
    const chunk = order.slice(start, start + maxRows);
    const answers = await runChunk(
      sweep,
      chunk.map((index) => runs[index]),
    );
    chunk.forEach((index, row) => {
      found[index] = answers[row];
    });
    sweep.onRows?.(merged + start + chunk.length);
  }
  if (order.length === 0) sweep.onRows?.(merged);
  const { next } = sweep;
  next?.found.push(...of.map((own, run) => (own === null ? next.base[given[run].base] : found[own].next!))); // biome-ignore format: one call
  return of.map((own, index) => (own === null ? scores[given[index].base] : found[own].score));
}

interface ChunkAnswer {
  readonly score: number;
  readonly next: NextToken | undefined;
}

/** @param runs in the order of their first layers */
async function runChunk(sweep: Sweep, runs: readonly PatchedRun[]): Promise<ChunkAnswer[]> {
  const { model, ids, judge, steps = 1 } = sweep;
  const interventions = growingBatch(sweep, runs);
  const score = judge(runs.map(({ base }) => base));
  const [scores, said] = await lazyPass(model, [ids[0]], { interventions }, (trace) => {
    const logits = steps === 1 ? lastLogits(model, trace) : lastLogitsOf(model, trace, steps);
    return [score(logits), ...(sweep.next ? [readNext(logits)] : [])];
  });
  const next = said && nextTokens(said);
  return [...toFlat(scores)].map((one, row) => ({ score: one, next: next?.[row] }));
}

/** The interventions by which each layer's rows join the pass, and by which all rows take their patches. */
function growingBatch(sweep: Sweep, runs: readonly PatchedRun[]): Interventions {
  const interventions: Record<string, Intervention> = {};
  const byPlace = new Map<string, RowChange[]>();
  runs.forEach(({ changes }, row) => {
    for (const change of changes) {
      const site = siteOf(change.part, change.layer);
      byPlace.set(site, [...(byPlace.get(site) ?? []), { row, change }]);
    }
  });
  for (let start = 0, end = 0; start < runs.length; start = end) {
    const layer = startOf(runs[start]);
    while (end < runs.length && startOf(runs[end]) === layer) end++;
    const site = siteOf("residual", layer);
    const joining = join(sweep, runs.slice(start, end), start);
    const changes = byPlace.get(site);
    byPlace.delete(site);
    interventions[site] = growsBatch((x, context) => {
      const grown = joining(x, context);
      return changes ? exchange(grown, changes, valuesAt(sweep.sources, site)) : grown;
    });
  }
  for (const [site, changes] of byPlace) {
    interventions[site] = (x) => exchange(x, changes, valuesAt(sweep.sources, site));
  }
  return interventions;
}

/** Adds the rows of one layer to the batch: copies of their base runs. */
function join(sweep: Sweep, joining: readonly PatchedRun[], before: number): Intervention {
  return (x, { site }) => {
    const base = sweep.base(site);
    const rows = joining.map((run) => run.base);
    const added =
      base.shape[0] === 1
        ? mx.broadcastTo(base, [rows.length, ...base.shape.slice(1)])
        : mx.take(base, mx.array(rows, mx.int32), 0);
    return before === 0 ? added : mx.concatenate([x, added], 0);
  };
}

/** The sites that a sweep reads of its sources, beside `layers.*.input` of its base. */
export function sitesOf(kinds: Iterable<Part>): string[] {
  return [...new Set(kinds)].map((part) => `layers.*.${parts[part].site}`);
}
