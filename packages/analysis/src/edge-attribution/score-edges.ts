/** The scores of all edges of a batch of pairs, one way each. */
import type { Interventions } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { backwardRules } from "../backward-rules/rule-sets.js";
import { edgeRowsThatFit, type RunPairs, runEdges } from "../graph/edge-runs.js";
import { edgeSet, edgesOf } from "../graph/graph.js";
import { restOf } from "../graph/rest.js";
import type { MetricFunction } from "../shared/metrics.js";
import type { AskedEdges, EdgeScoring } from "./options.js";
import { readGradients } from "./read-gradients.js";

/** What a batch is scored by. */
export interface Scored extends RunPairs {
  /** One number for each pair, from its logits. */
  readonly metric: MetricFunction;
  /** The same of rows that belong to these pairs. */
  readonly metricOf: (pairs: readonly number[]) => MetricFunction;
  /** Of the clean runs. */
  readonly baseline: ArrayLike<number>;
  readonly asked: Pick<AskedEdges, "steps" | "signal">;
}

/** What scores each pair by itself. */
export type ByPair = Exclude<EdgeScoring, "edge-masks" | "node-masks">;

/** @returns for each pair a score for every source and destination, row by row; 0 where there is no edge */
export async function scoreEdges(batch: Scored, scoring: ByPair): Promise<Float64Array[]> {
  if (scoring === "exact") return exactScores(batch);
  const scores =
    scoring === "information-flow" ? flowScores(batch) : await gradientScores(batch, scoring);
  await evaluate([scores]);
  const size = batch.graph.sources.length * batch.graph.destinations.length;
  const flat = toFlat(scores);
  return batch.ids.map((_, pair) =>
    Float64Array.from(flat.subarray(pair * size, (pair + 1) * size)),
  );
}

type ByGradient = Exclude<ByPair, "exact" | "information-flow">;

/** (clean − corrupted output of the source) · gradient of the metric at what the destination reads. */
async function gradientScores(batch: Scored, scoring: ByGradient): Promise<MxArray> {
  const { clean, corrupted } = batch;
  const gradients = await averageGradients(batch, scoring);
  const [pairs, sources, length, hidden] = clean.writes.shape;
  const flat = (x: MxArray) => x.reshape([pairs, -1, length * hidden]);
  const differences = flat(mx.subtract(clean.writes, corrupted.writes));
  const scores = mx.matmul(differences, flat(gradients).transpose(0, 2, 1)); // (pair, source, destination)
  const { reach } = batch.graph;
  const there = mx.less(
    mx.arange(0, sources, 1, mx.int32).reshape([1, sources, 1]),
    mx.array([...reach], mx.int32).reshape([1, 1, reach.length]),
  );
  return mx.where(there, scores, mx.zerosLike(scores));
}

/** The mean over the points that a scoring looks at, of `eap-idg-inputs` weighted by how fast the metric changes there. */
async function averageGradients(batch: Scored, scoring: ByGradient): Promise<MxArray> {
  const { model, graph, ids, metric, corrupted, steps } = batch;
  const gradientsAt = (interventions: Interventions) =>
    readGradients(model, graph, ids, metric, { interventions, steps });
  if (scoring === "clean-corrupted") {
    const here = await gradientsAt({});
    const whole: Interventions = { "layers.0.input": () => corrupted.stream[0] };
    const there = await gradientsAt(whole);
    return mx.divide(mx.add(here, there), 2);
  }
  if (scoring === "relp" || scoring === "relp-qk" || scoring === "gim") {
    const interventions = backwardRules(model, scoring);
    return readGradients(model, graph, ids, metric, { interventions, steps, holdsNorms: true });
  }
  let sum: MxArray | undefined;
  let weights: MxArray | undefined;
  for (const interventions of pointsOf(batch, scoring)) {
    batch.asked.signal?.throwIfAborted();
    const gradients = await gradientsAt(interventions);
    const weight = scoring === "eap-idg-inputs" ? decidedAt(batch, gradients) : mx.ones([batch.ids.length, 1, 1, 1]); // biome-ignore format: one choice
    const weighted = mx.multiply(gradients, weight);
    sum = sum ? mx.add(sum, weighted) : weighted;
    weights = weights ? mx.add(weights, weight) : weight;
    await evaluate([sum, weights]);
  }
  return mx.divide(sum!, weights!); // there is at least one
}

/** How fast the metric changes at a point of the way between both embeddings, (pair, 1, 1, 1), never 0. */
function decidedAt({ clean, corrupted }: Scored, gradients: MxArray): MxArray {
  const whole = mx.sum(gradients, 1, true); // every destination reads the embedding
  const input = (x: MxArray) => x.index(mx.Slice(), mx.Slice(0, 1));
  const moved = mx.subtract(input(clean.writes), input(corrupted.writes));
  const slope = mx.abs(mx.sum(mx.multiply(moved, whole), [1, 2, 3], true));
  return mx.add(slope, 1e-12); // where nothing changes all points count alike
}

/** Where the gradient is taken. */
function pointsOf(batch: Scored, scoring: EdgeScoring): Interventions[] {
  const { steps } = batch.asked;
  if (scoring === "eap") return [{}];
  const { clean, corrupted } = batch;
  const between = (share: number, own: MxArray, other: MxArray) =>
    mx.add(other, mx.multiply(mx.subtract(own, other), share));
  const input = (share: number): Interventions => {
    const [own, other] = [clean, corrupted].map(({ writes }) => writes.index(mx.Slice(), 0));
    return { "layers.0.input": () => between(share, own, other) };
  };
  const each = Array.from({ length: steps }, (_, step) => step);
  if (scoring === "eap-ig-inputs") return each.map((step) => input(step / steps));
  if (scoring === "eap-idg-inputs") return each.map((step) => input((step + 0.5) / steps));
  const points = each.map((step) => input((step + 1) / steps));
  for (const layer of clean.mlps.keys()) {
    for (const [site, part] of [
      ["selfAttn", "attention"],
      ["mlp", "mlps"],
    ] as const) {
      // biome-ignore format: one table
      const [own, other] = [clean, corrupted].map((outputs) => outputs[part][layer]);
      for (const step of each) {
        const share = (step + 1) / steps;
        points.push({ [`layers.${layer}.${site}`]: () => between(share, own, other) });
      }
    }
  }
  return points;
}

/** The clean metric less that of the run in which the edge is corrupted, each edge by itself. */
async function exactScores(given: Scored): Promise<Float64Array[]> {
  const batch = await restOf(given);
  const { graph, ids, metricOf, baseline } = batch;
  const edges = edgesOf(graph).sort((a, b) => a.destination - b.destination);
  const scores = ids.map(() => new Float64Array(edgeSet(graph).length));
  const work = ids.flatMap((_, pair) => edges.map((edge) => ({ pair, edge })));
  const most = edgeRowsThatFit(batch);
  for (let start = 0; start < work.length; start += most) {
    batch.asked.signal?.throwIfAborted();
    const chunk = work.slice(start, start + most);
    const rows = chunk.map(({ pair, edge }) => {
      const corrupted = edgeSet(graph);
      corrupted[edge.index] = 1;
      return { pair, corrupted };
    });
    const metric = metricOf(rows.map(({ pair }) => pair));
    const found = toFlat(await runEdges(batch, rows, metric));
    chunk.forEach(({ pair, edge }, row) => {
      scores[pair][edge.index] = baseline[pair] - found[row];
    });
  }
  return scores;
}

/**
 * How near each source's output is to what a destination reads in the clean run, as a share of all its sources: by
 * max(0, |y|₁ − |x − y|₁), the mean over positions.
 */
function flowScores({ graph, clean }: Scored): MxArray {
  const { sources, reads } = graph;
  const [pairs] = clean.writes.shape;
  const size = (z: MxArray) => mx.sum(mx.abs(z), -1);
  const columns = reads.map(({ layer, kind, reach, count }) => {
    const read = kind === "mlp" ? clean.mlpReads[layer] : clean.stream[layer];
    const y = mx.expandDims(read.astype(mx.float32), 1); // (pair, 1, position, hidden)
    const x = clean.writes.index(mx.Slice(), mx.Slice(0, reach));
    const near = mx.maximum(mx.subtract(size(y), size(mx.subtract(x, y))), 0); // (pair, reach, position)
    const all = mx.sum(near, 1, true);
    const share = mx.divide(near, mx.where(mx.greater(all, 0), all, mx.onesLike(all)));
    const mean = mx.mean(share, 2, true); // (pair, reach, 1)
    const missing = mx.zeros([pairs, sources.length - reach, 1]);
    const column = reach < sources.length ? mx.concatenate([mean, missing], 1) : mean;
    return mx.broadcastTo(column, [pairs, sources.length, count]);
  });
  return mx.concatenate(columns, 2);
}
