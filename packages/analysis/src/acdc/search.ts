/**
 * The search of ACDC: every edge once, from the logits back, left out if that costs less than the threshold.
 *
 * One edge at a time would take a pass for each. Here several are tried in one pass: it is guessed which of them will be left out,
 * and each row leaves out one edge and those before it that are guessed to go. Up to the first wrong guess, all rows are exactly the
 * runs that would have been made; what comes after it is tried again, and what it seemed to cost is the next guess. As the search
 * begins at the end, a pass begins at the layer that reads the edges. And an edge to a component from which nothing leads on
 * to the logits any more costs nothing, so no run is made for it.
 */
import { klDivergence, logProbabilities, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { edgeRowsThatFit, runEdges } from "../graph/edge-runs.js";
import {
  type ComponentGraph,
  type Edge,
  type EdgeSet,
  edgeSet,
  edgesOf,
  sizeOf,
} from "../graph/graph.js";
import type { PairBatch } from "../graph/run-pairs.js";
import { notLedTo, type Settled } from "../graph/settled.js";
import { leadingSources, leadsOn } from "./leads-on.js";
import { standing } from "./settle.js";

/** The cost of runs that belong to pairs of a batch, one number for each row of logits. */
export type Cost = (batch: PairBatch, pairs: readonly number[]) => (logits: MxArray) => MxArray;

export interface Search {
  readonly graph: ComponentGraph;
  readonly batches: readonly PairBatch[];
  readonly cost: Cost;
  /** Of the costs of all that is run, by number, the cost of the request: a mean over pairs. */
  readonly total: (costs: readonly number[]) => number;
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

/** How many edges are tried at once: more where all of the last ones were guessed right, since otherwise more only means more to try again. */
const [least, most] = [32, 128];

export async function searchEdges(search: Search): Promise<Found> {
  const { graph, threshold, signal, onEdges } = search;
  const removed = edgeSet(graph);
  const prices = new Float64Array(removed.length);
  const tries = { search, left: edgeSet(graph), guesses: new Float64Array(removed.length) };
  const leading = new Set<number>();
  const state = standing(search.batches);
  let { start: current } = search;
  let [done, passes, width] = [0, 0, least];
  for (const stage of stagesOf(graph)) {
    const ends = new Set(stage.map(({ destination }) => destination));
    const open = [...ends].filter((end) => leadsOn(graph, removed, leading, end));
    for (const end of open) leading.add(end);
    const edges = stage.filter(({ destination }) => leading.has(destination));
    if (threshold > 0) for (const { destination, index } of stage) if (!leading.has(destination)) removed[index] = 1; // biome-ignore format: one rule
    const of = notLedTo(graph, removed, new Set(open));
    const settled = await state.before(
      tries.left,
      of,
      leadingSources(graph, removed, leading, open),
      graph.destinations[stage[0].destination].layer,
    );
    const before = sizeOf(tries.left);
    for (let next = 0; next < edges.length; ) {
      signal?.throwIfAborted();
      const trying = edges.slice(next, next + width);
      const tried = await tryOut({ ...tries, settled }, trying, current);
      passes += tried.passes;
      width = tried.sound.length < trying.length ? least : Math.min(most, 2 * width);
      for (const { edge, price, cost } of tried.sound) {
        if (price < threshold) {
          removed[edge.index] = 1;
          tries.left[edge.index] = 1;
          current = cost;
        } else prices[edge.index] = price;
      }
      next += tried.sound.length;
      onEdges?.(done + next);
    }
    if (sizeOf(tries.left) > before) state.after(of);
    done += stage.length;
  }
  onEdges?.(done);
  const kept = edgeSet(graph, true).map((one, index) => (removed[index] ? 0 : one));
  return { kept, prices, cost: current, passes: passes + state.passes };
}

/** Edges from the logits back, by what is read at the same time: nothing of a stage leads to another destination of it. */
function stagesOf(graph: ComponentGraph): Edge[][] {
  const order = edgesOf(graph).sort((a, b) => b.destination - a.destination || b.source - a.source);
  const stageOf = ({ destination }: Edge) => {
    const { layer, kind } = graph.destinations[destination];
    return 2 * layer + (kind === "mlp" ? 1 : 0);
  };
  const stages = new Map<number, Edge[]>();
  for (const edge of order) {
    const known = stages.get(stageOf(edge));
    if (known) known.push(edge);
    else stages.set(stageOf(edge), [edge]);
  }
  return [...stages.values()];
}

interface Tries {
  readonly search: Search;
  /** Edges that are left out, without those to components that lead nowhere. */
  readonly left: EdgeSet;
  /** What each edge seemed to cost when it was last tried; 0 for one that was not. */
  readonly guesses: Float64Array;
  /** Of each batch what is known of all runs of a stage. */
  readonly settled: readonly Settled[] | undefined;
}

interface Tried {
  readonly edge: Edge;
  readonly price: number;
  /** Of the run without it. */
  readonly cost: number;
}

/** Tries edges in one go; those up to the first wrong guess were tried in exactly the run that the search stands at. */
async function tryOut(
  { search, left, guesses, settled }: Tries,
  edges: readonly Edge[],
  current: number,
): Promise<{ sound: readonly Tried[]; passes: number }> {
  const { threshold } = search;
  const set = left.slice();
  const goes = edges.map(({ index }) => guesses[index] < threshold);
  const sets = edges.map(({ index }, at) => {
    set[index] = 1;
    const own = set.slice();
    if (!goes[at]) set[index] = 0;
    return own;
  });
  const { values, passes } = await costsOf(search, sets, edges[0], settled);
  let before = current;
  const tried = edges.map((edge, at): Tried => {
    const price = values[at] - before;
    guesses[edge.index] = price;
    if (goes[at]) before = values[at];
    return { edge, price, cost: values[at] };
  });
  const wrong = tried.findIndex(({ price }, at) => price < threshold !== goes[at]);
  return { sound: wrong === -1 ? tried : tried.slice(0, wrong + 1), passes };
}

/** The mean cost over all pairs of runs without some edges, none of which is read below that of `last`. */
async function costsOf(
  { batches, cost, total, graph }: Search,
  sets: readonly EdgeSet[],
  { destination }: Edge,
  settled: readonly Settled[] | undefined,
): Promise<{ values: number[]; passes: number }> {
  const byStep: number[][] = sets.map(() => []);
  let passes = 0;
  for (const [at, batch] of batches.entries()) {
    const rows = batch.numbers.flatMap((number, pair) =>
      sets.map((corrupted, step) => ({ step, pair, number, corrupted })),
    );
    const fits = edgeRowsThatFit(batch, graph.destinations[destination].layer);
    for (let start = 0; start < rows.length; start += fits) {
      const chunk = rows.slice(start, start + fits);
      const read = cost(batch, chunk.map(({ pair }) => pair)); // biome-ignore format: one call
      const values = toFlat(await runEdges(batch, chunk, read, settled?.[at]));
      chunk.forEach(({ step, number }, row) => {
        byStep[step][number] = values[row];
      });
      passes++;
    }
  }
  return { values: byStep.map(total), passes };
}

/** KL(clean ‖ row) at the last position in nats, of rows that belong to pairs of the batch. */
export const divergence: Cost = (batch, pairs) => {
  const { model, clean, graph } = batch;
  const last = clean.stream[graph.layers].index(mx.Slice(), -1); // (pair, hidden)
  const logits = model.anatomy.unembed(model.anatomy.finalNorm(last)).astype(mx.float32);
  const whole = mx.take(logProbabilities(logits), mx.array([...pairs], mx.int32), 0);
  return (other) => klDivergence(whole, logProbabilities(other.astype(mx.float32)));
};
