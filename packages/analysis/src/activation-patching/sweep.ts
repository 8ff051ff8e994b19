/**
 * Many patched runs as few passes, in which the batch grows layer by layer.
 *
 * A run that is patched in layer 7 is the base run up to layer 7, so it need not exist before: its row joins the pass
 * at the input of layer 7, as a copy of the base run's residual stream there, takes its patch, and shares every
 * product above with all other rows. The first layer of a pass gets its input from the base run as well, so
 * nothing below it is computed at all: those layers are built as a graph that nobody asks for.
 */
import { growsBatch, type Intervention, type Interventions } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import type { MetricFunction } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { patchRows, repeatRow } from "./patch-rows.js";
import { type Patch, patchSite } from "./plan.js";
import type { PatchKind } from "./result.js";

/** An activation of one run, (1, position, …). */
type Activations = (site: string) => MxArray;

export interface Sweep {
  readonly model: AnalysisModel;
  /** The tokens of the run that is patched. */
  readonly ids: readonly number[];
  /** The run that is patched: its `layers.i.input`. */
  readonly base: Activations;
  /** The run that patches are taken from: the sites of the patches. */
  readonly source: Activations;
  readonly metric: MetricFunction;
  readonly maxRows: number;
  readonly signal?: AbortSignal;
  /** Called after each pass with the number of patches done. */
  readonly onRows?: (rows: number) => void;
}

/** The metric of each patched run, in the order of the patches. */
export async function runSweep(sweep: Sweep, patches: readonly Patch[]): Promise<number[]> {
  const order = patches.map((_, index) => index).sort((a, b) => byPlace(patches[a], patches[b]));
  const scores = new Array<number>(patches.length);
  for (let start = 0; start < order.length; start += sweep.maxRows) {
    sweep.signal?.throwIfAborted();
    const chunk = order.slice(start, start + sweep.maxRows);
    const metric = await runChunk(
      sweep,
      chunk.map((index) => patches[index]),
    );
    chunk.forEach((index, row) => {
      scores[index] = metric[row];
    });
    sweep.onRows?.(start + chunk.length);
  }
  return scores;
}

const kinds: readonly PatchKind[] = ["residual", "attention", "mlp", "head"];

/** Sorts so that the rows of one layer, and within it of one kind, stand together. */
function byPlace(a: Patch, b: Patch): number {
  return a.layer - b.layer || kinds.indexOf(a.kind) - kinds.indexOf(b.kind);
}

/** @param patches in the order of `byPlace` */
async function runChunk(sweep: Sweep, patches: readonly Patch[]): Promise<ArrayLike<number>> {
  const { model, ids, metric } = sweep;
  const interventions = growingBatch(sweep, patches);
  const [scores] = await lazyPass(model, [ids], { interventions }, (trace) => [
    metric(lastLogits(model, trace)),
  ]);
  return toFlat(scores);
}

/** The interventions by which each layer's rows join the pass and take their patches. */
function growingBatch(sweep: Sweep, patches: readonly Patch[]): Interventions {
  const interventions: Record<string, Intervention> = {};
  for (let start = 0, end = 0; start < patches.length; start = end) {
    const { layer } = patches[start];
    while (end < patches.length && patches[end].layer === layer) end++;
    const joining = patches.slice(start, end);
    interventions[`layers.${layer}.input`] = growsBatch(join(sweep, joining, start));
    for (const kind of kinds.slice(1)) {
      const own = joining.filter((patch) => patch.kind === kind);
      if (own.length === 0) continue;
      const first = start + joining.indexOf(own[0]);
      interventions[patchSite(kind, layer)] = (x, { site }) =>
        patchRows(x, sweep.source(site), own, first);
    }
  }
  return interventions;
}

/** Adds the rows of one layer to the batch: copies of the base run, those of kind `residual` patched at once. */
function join(sweep: Sweep, joining: readonly Patch[], before: number): Intervention {
  return (x, { site }) => {
    const base = repeatRow(sweep.base(site), joining.length);
    const residual = joining.filter(({ kind }) => kind === "residual"); // they stand first
    const added = residual.length > 0 ? patchRows(base, sweep.source(site), residual, 0) : base;
    return before === 0 ? added : mx.concatenate([x, added], 0);
  };
}
