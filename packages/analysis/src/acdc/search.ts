/**
 * The search of ACDC: every edge once, from the logits back, left out if that costs less than the threshold.
 *
 * One edge at a time would take a pass for each. Most edges are left out, so several are tried in one pass, each row leaving
 * out one more than the row before; up to the first that must stay, all rows are exactly the runs that would have been made. What
 * comes after it is tried again. And as the search begins at the end, a pass begins at the layer that reads the edge.
 */
import { klDivergence, logProbabilities, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { edgeRowsThatFit, runEdges } from "../graph/edge-runs.js";
import { type ComponentGraph, type Edge, type EdgeSet, edgeSet, edgesOf } from "../graph/graph.js";
import type { PairBatch } from "../graph/run-pairs.js";
import { mean } from "../shared/lists.js";

/** The cost of runs that belong to pairs of a batch, one number for each row of logits. */
export type Cost = (batch: PairBatch, pairs: readonly number[]) => (logits: MxArray) => MxArray;

export interface Search {
  readonly graph: ComponentGraph;
  readonly batches: readonly PairBatch[];
  readonly cost: Cost;
  /** Of the clean runs. */
  readonly start: number;
  readonly threshold: number;
  readonly signal?: AbortSignal | undefined;
  readonly onEdges?: (done: number) => void;
}

export interface Found {
  /** Edges that are left. */
  readonly kept: EdgeSet;
  /** What leaving each of them out would have cost. */
  readonly prices: Float64Array;
  /** Of the circuit. */
  readonly cost: number;
  readonly passes: number;
}

/** At most so many edges are tried at once: more only means more to try again. */
const most = 32;

export async function searchEdges(search: Search): Promise<Found> {
  const { graph, threshold, signal, onEdges } = search;
  const order = edgesOf(graph).sort((a, b) => b.destination - a.destination || b.source - a.source);
  const removed = edgeSet(graph);
  const prices = new Float64Array(removed.length);
  let { start: current } = search;
  let [next, ahead, passes] = [0, 4, 0];
  while (next < order.length) {
    signal?.throwIfAborted();
    const tried = order.slice(next, next + ahead);
    const costs = await tryOut(search, removed, tried);
    passes += costs.passes;
    const stays = costs.values.findIndex((value, index) => {
      return !(value - (index === 0 ? current : costs.values[index - 1]) < threshold);
    });
    const gone = stays === -1 ? tried.length : stays;
    for (const { index } of tried.slice(0, gone)) removed[index] = 1;
    if (gone > 0) current = costs.values[gone - 1];
    if (stays !== -1) prices[tried[stays].index] = costs.values[stays] - current;
    next += stays === -1 ? gone : gone + 1;
    ahead = stays === -1 ? Math.min(2 * ahead, most) : Math.max(1, Math.min(most, 2 * gone));
    onEdges?.(next);
  }
  const kept = edgeSet(graph, true);
  removed.forEach((one, index) => {
    if (one) kept[index] = 0;
  });
  return { kept, prices, cost: current, passes };
}

/** The mean cost over all pairs, leaving out the first of the edges, the first two, and so on. */
async function tryOut(
  { batches, cost }: Search,
  removed: EdgeSet,
  tried: readonly Edge[],
): Promise<{ values: number[]; passes: number }> {
  const sets = tried.map((_, last) => {
    const set = removed.slice();
    for (const { index } of tried.slice(0, last + 1)) set[index] = 1;
    return set;
  });
  const byStep: number[][] = sets.map(() => []);
  let passes = 0;
  for (const batch of batches) {
    const rows = sets.flatMap((corrupted, step) =>
      batch.numbers.map((_, pair) => ({ step, pair, corrupted })),
    );
    const fits = edgeRowsThatFit(batch);
    for (let start = 0; start < rows.length; start += fits) {
      const chunk = rows.slice(start, start + fits);
      const read = cost(batch, chunk.map(({ pair }) => pair)); // biome-ignore format: one call
      const values = toFlat(await runEdges(batch, chunk, read));
      chunk.forEach(({ step }, row) => {
        byStep[step].push(values[row]);
      });
      passes++;
    }
  }
  return { values: byStep.map(mean), passes };
}

/** KL(clean ‖ row) at the last position in nats, of rows that belong to pairs of the batch. */
export const divergence: Cost = (batch, pairs) => {
  const { model, clean, graph } = batch;
  const last = clean.stream[graph.layers].index(mx.Slice(), -1); // (pair, hidden)
  const logits = model.anatomy.unembed(model.anatomy.finalNorm(last)).astype(mx.float32);
  const whole = mx.take(logProbabilities(logits), mx.array([...pairs], mx.int32), 0);
  return (other) => klDivergence(whole, logProbabilities(other.astype(mx.float32)));
};
