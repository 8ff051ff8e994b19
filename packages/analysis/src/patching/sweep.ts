/**
 * Many patched runs as few passes, in which the batch grows layer by layer.
 *
 * A run that is patched in layer 7 is the base run up to layer 7, so it need not exist before: its row joins the pass
 * at the input of layer 7, as a copy of the base run's residual stream there, takes its patch, and shares every
 * product above with all other rows. The first layer of a pass gets its input from the base run as well, so
 * nothing below it is computed at all: those layers are built as a graph that nobody asks for. Runs that are equal are made once, and
 * those that change nothing not at all. Positions before a run's first change are the base run's: where that pays, passes leave them out, and
 * go on from its keys and values.
 */
import { type MxArray, toFlat } from "@mlxterp/mlx";
import { type Beginning, canGoOn, readBeginning } from "../shared/beginning.js";
import { lastLogits, lastLogitsOf, lazyPass } from "../shared/lazy-pass.js";
import type { AnalysisModel } from "../shared/model.js";
import { basesIn, fromPosition, growingBatch, lastJoin } from "./growing-batch.js";
import { type NextToken, type NextTokens, nextTokens, readNext } from "./next-tokens.js";
import { type Part, parts } from "./parts.js";
import { type Portion, passOverhead, portionsOf } from "./portions.js";
import { changedFrom, distinctRuns, later } from "./reach.js";
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
  const [length, merging] = [ids[0].length, { layers, steps, sources }];
  const { runs, of } = distinctRuns(given, { ...merging, length });
  const portions = portionsOf(runs, {
    ...{ layers, length, steps, overhead: passOverhead(model), texts: ids.length },
    canBegin: (from) => canGoOn(model, length, from),
    changedFrom: (run) => changedFrom(run, sources),
  });
  const leavesOut = portions.some(({ from }) => from > 0);
  const beginning =
    leavesOut && canGoOn(model, length, length) ? await readBeginning(model, ids) : undefined;
  const found = new Array<ChunkAnswer>(runs.length);
  if (sweep.work) addWork(sweep.work, { ...{ layers, length, runs, portions, maxRows }, asked: given.length }); // biome-ignore format: one call
  let done = given.length - runs.length;
  if (runs.length === 0) sweep.onRows?.(done);
  for (const { from, order } of chunksOf(portions, maxRows)) {
    sweep.signal?.throwIfAborted();
    const rows = order.map((index) => ({ index, run: later(runs[index], from) }));
    rows.sort((a, b) => startOf(a.run) - startOf(b.run)); // without what it only kept, one may begin later
    const own = rows.map(({ run }) => run);
    const answers = await runChunk(sweep, own, { from, beginning });
    rows.forEach(({ index }, row) => {
      found[index] = answers[row];
    });
    done += order.length;
    sweep.onRows?.(done);
  }
  const { next } = sweep;
  next?.found.push(...of.map((own, run) => (own === null ? next.base[given[run].base] : found[own].next!))); // biome-ignore format: one call
  return of.map((own, index) => (own === null ? scores[given[index].base] : found[own].score));
}

/** Portions in passes of no more rows than are wanted. */
function chunksOf(portions: readonly Portion[], maxRows: number) {
  return portions.flatMap(({ from, runs }) =>
    Array.from({ length: Math.ceil(runs.length / maxRows) }, (_, at) => {
      return { from, order: runs.slice(at * maxRows, (at + 1) * maxRows) };
    }),
  );
}

interface ChunkAnswer {
  readonly score: number;
  readonly next: NextToken | undefined;
}

/** The positions that a pass leaves out, and what it goes on from. */
interface Rest {
  readonly from: number;
  readonly beginning: Beginning | undefined;
}

/** @param runs in the order of their first layers, their positions counted from the first that is computed */
async function runChunk(
  sweep: Sweep,
  runs: readonly PatchedRun[],
  { from, beginning }: Rest,
): Promise<ChunkAnswer[]> {
  const { model, ids, judge, steps = 1 } = sweep;
  const last = lastJoin(model.module);
  const interventions = growingBatch(fromPosition(sweep, from), runs, last);
  const score = judge(runs.map(({ base }) => base));
  const args = from > 0 ? beginning?.args(from, (layer) => basesIn(runs, layer, last)) : undefined;
  const options = { interventions, ...(args && { args }) };
  const [scores, said] = await lazyPass(model, [ids[0].slice(from)], options, (trace) => {
    const logits = steps === 1 ? lastLogits(model, trace) : lastLogitsOf(model, trace, steps);
    return [score(logits), ...(sweep.next ? [readNext(logits)] : [])];
  });
  const next = said && nextTokens(said);
  return [...toFlat(scores)].map((one, row) => ({ score: one, next: next?.[row] }));
}

/** The sites that a sweep reads of its sources, beside `layers.*.input` of its base. */
export function sitesOf(kinds: Iterable<Part>): string[] {
  return [...new Set(kinds)].map((part) => `layers.*.${parts[part].site}`);
}
