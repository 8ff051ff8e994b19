/**
 * Pruning by learned masks: every edge (or component) has a number between 0, what the corrupted prompt wrote, and 1, what this run
 * writes, and all of them are learned together so that little is lost and few are kept.
 *
 * What is lost is the squared distance from the clean metric, as a share of the difference between the prompts; what is kept costs
 * `sparsity` for all edges together. Unlike a score of each edge by itself, masks know what the others are: of two edges that can stand
 * in for one another one may go. A score is the mask's mean over the steps, so that what goes late stands above what goes early.
 *
 * Source: Cao et al. 2021, arXiv 2104.03514 (masks by gradient); Bhaskar et al. 2024, arXiv 2406.16778 (edges).
 */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { carryOther } from "../graph/edge-runs.js";
import { type ComponentGraph, edgesOf } from "../graph/graph.js";
import type { PairBatch } from "../graph/run-pairs.js";
import { lastLogits } from "../shared/lazy-pass.js";
import type { AskedEdges } from "./options.js";

type Asked = Pick<AskedEdges, "maskSteps" | "sparsity" | "signal" | "onProgress"> & {
  readonly over: "edges" | "nodes";
};

/** How far one step goes. */
const rate = 0.1;

/** @returns for every source and destination the mean of its mask, from 0 to 1 */
export async function learnMasks(
  graph: ComponentGraph,
  batches: readonly PairBatch[],
  { maskSteps, sparsity, over, signal, onProgress }: Asked,
): Promise<Float64Array> {
  const width = graph.destinations.length;
  const edges = edgesOf(graph).map(({ index }) => index);
  const of = over === "edges" ? (index: number) => index : (index: number) => Math.floor(index / width); // biome-ignore format: one choice
  const masks = new Float64Array(graph.sources.length * width).fill(1);
  const mean = new Float64Array(masks.length);
  const step = adam(masks.length);
  for (let done = 0; done < maskSteps; done++) {
    signal?.throwIfAborted();
    const slopes = await lossSlopes(graph, batches, masks);
    const shared = new Float64Array(masks.length);
    for (const index of edges) shared[of(index)] += slopes[index] + sparsity / edges.length;
    const moves = step(shared);
    for (const index of edges) {
      masks[index] = Math.min(1, Math.max(0, masks[index] - moves[of(index)]));
      mean[index] += masks[index] / maskSteps;
    }
    onProgress?.({ done: done + 1, total: maskSteps, stage: "learning masks" });
  }
  return mean;
}

/** The gradient of the mean loss over all pairs. */
async function lossSlopes(
  graph: ComponentGraph,
  batches: readonly PairBatch[],
  masks: Float64Array,
): Promise<Float64Array> {
  const sum = new Float64Array(masks.length);
  const pairs = batches.reduce((count, { numbers }) => count + numbers.length, 0);
  const shape = [graph.sources.length, graph.destinations.length];
  for (const batch of batches) {
    const values = mx.array(Array.from(masks)).reshape(shape);
    const [, [slope]] = mx.vjp((kept) => lossOf(graph, batch, kept), [values], [mx.array(1)]);
    await evaluate([slope]);
    toFlat(slope).forEach((value, index) => {
      sum[index] += Number(value) / pairs;
    });
  }
  return sum;
}

/** @param kept (source, destination) */
function lossOf(graph: ComponentGraph, batch: PairBatch, kept: MxArray): MxArray {
  const { model, ids, baselines } = batch;
  const rows = ids.map((_, row) => row);
  const moved = graph.reads.map(({ first, count }) => {
    const own = kept.index(mx.Slice(), mx.Slice(first, first + count)).transpose(1, 0);
    return { values: mx.expandDims(mx.subtract(1, own), 0), moves: () => true };
  });
  const trace = model.trace([ids[0]], { interventions: carryOther(batch, rows, moved) });
  try {
    const metric = batch.metricOf(rows)(lastLogits(model, trace));
    const clean = mx.array(baselines.map((one) => one.clean));
    const whole = mx.array(baselines.map((one) => one.clean - one.corrupted));
    return mx.sum(mx.square(mx.divide(mx.subtract(metric, clean), whole)));
  } finally {
    trace.dispose();
  }
}

/** Adam (Kingma & Ba 2015, arXiv 1412.6980): steps of about one size, whatever the size of the slopes. */
function adam(size: number): (slopes: Float64Array) => Float64Array {
  const [first, second] = [new Float64Array(size), new Float64Array(size)];
  let steps = 0;
  return (slopes) => {
    steps++;
    return slopes.map((slope, at) => {
      first[at] = 0.9 * first[at] + 0.1 * slope;
      second[at] = 0.99 * second[at] + 0.01 * slope ** 2;
      const [mean, square] = [first[at] / (1 - 0.9 ** steps), second[at] / (1 - 0.99 ** steps)];
      return square === 0 ? 0 : (rate * mean) / (Math.sqrt(square) + 1e-12);
    });
  };
}
