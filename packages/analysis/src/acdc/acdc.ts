/**
 * ACDC (automatic circuit discovery): the connections that cannot be left out, found one by one.
 *
 * From the logits back to the input, each edge is made to carry what the corrupted prompt wrote. If the prediction changes by
 * less than the threshold, it stays so; otherwise the edge is put back. What remains is a circuit.
 *
 * Caveats. The order matters: of two edges that can stand in for one another, the one that is tried last stays. The threshold
 * is about every single step, so many small steps may add up; `cost` says to what. `kl` asks for the whole prediction, also what
 * has nothing to do with the question; a metric asks for less.
 *
 * Source: Conmy et al. 2023, arXiv 2304.14997, algorithm 1.
 */
import { provenanceOf } from "@mlxterp/core";
import { mx } from "@mlxterp/mlx";
import { createTable, parseOptions } from "@mlxterp/results";
import { baselineTable, edgeNotes } from "../edge-attribution/edge-attribution.js";
import type { EdgeRow } from "../edge-attribution/result.js";
import { edgesOf, sizeOf } from "../graph/graph.js";
import { graphOf } from "../graph/graph-of.js";
import { pruned } from "../graph/prune.js";
import { restOf } from "../graph/rest.js";
import { type PairBatch, runPairs } from "../graph/run-pairs.js";
import { askedOf } from "../shared/asked.js";
import { mean } from "../shared/lists.js";
import { chooseMetric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { type PatchingPrompts, resolvePairs } from "../shared/pairs.js";
import { readingsOf } from "../shared/readings.js";
import { type AcdcOptions, acdcOptions } from "./options.js";
import type { AcdcResult } from "./result.js";
import { type Cost, divergence, searchEdges } from "./search.js";

/**
 * Leaves out every edge that costs less than the threshold.
 *
 * @param input pairs of prompts, as for `activationPatching`
 * @returns the edges that are left, and what the circuit costs
 * @throws what `edgeAttribution` throws
 * @example
 * const { tables } = await acdc(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John", threshold: 0.1 });
 * const [{ onPaths, allEdges, cost }] = tables.summary.rows;
 */
export async function acdc(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: AcdcOptions,
): Promise<AcdcResult> {
  const asked = parseOptions("acdc", acdcOptions, options);
  const { threshold, batchSize, signal, onProgress } = asked;
  const read = resolvePairs(model, input, asked, { sequences: true, spans: true });
  const name = asked.metric;
  const metric = name === "kl" ? chooseMetric(undefined, asked.wrongAnswer !== undefined) : name;
  const readings = readingsOf(read.pairs, name === "kl" ? name : metric);
  const graph = await graphOf(model, read.pairs[0].clean.ids, "any");
  const batches: PairBatch[] = [];
  for await (const batch of runPairs(model, graph, readings.pairs, { metric, batchSize, signal })) {
    batches.push(await restOf(batch));
  }
  const baselines = readings.baselines(readings.pairs.map((_, pair) => baselineOf(batches, pair)));
  const cost: Cost = name === "kl" ? divergence : lessOf;
  const total = (byReading: readonly number[]) =>
    mean(readings.merged(byReading.map((one) => [one])).flat());
  const start = name === "kl" ? 0 : -mean(baselines.map(({ clean }) => clean));
  const onEdges = (done: number) => onProgress?.({ done, total: graph.edges, stage: "leaving out edges" }); // biome-ignore format: one line
  const found = await searchEdges({
    graph,
    batches,
    cost,
    total,
    start,
    threshold,
    signal,
    onEdges,
  });
  const left = pruned(graph, found.kept);
  const { sources, destinations } = graph;
  const rows = edgesOf(graph)
    .filter(({ index }) => left[index] === 1)
    .map(({ source, destination, index }): EdgeRow => {
      return { source: sources[source].name, destination: destinations[destination].name, score: found.prices[index] }; // biome-ignore format: one row
    })
    .sort((a, b) => b.score - a.score);
  const summary = {
    threshold,
    metric: name,
    allEdges: graph.edges,
    edges: sizeOf(found.kept),
    onPaths: rows.length,
    cost: found.cost - start,
    passes: found.passes,
  };
  return {
    method: "acdc",
    asked: askedOf(asked, read.asked),
    fed: read.pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: {},
    tables: {
      edges: createTable(["source", "destination", "score"], rows),
      summary: createTable(
        ["threshold", "metric", "allEdges", "edges", "onPaths", "cost", "passes"],
        [summary],
      ),
      baselines: baselineTable({ metric, baselines }),
    },
    notes: [...read.notes, ...edgeNotes(read.pairs, { metric, baselines })],
    provenance: provenanceOf(model),
  };
}

/** Less of the metric costs. */
const lessOf: Cost = (batch, pairs) => {
  const metric = batch.metricOf(pairs);
  return (logits) => mx.negative(metric(logits));
};

function baselineOf(batches: readonly PairBatch[], pair: number) {
  for (const { numbers, baselines } of batches) {
    const row = numbers.indexOf(pair);
    if (row !== -1) return baselines[row];
  }
  throw new RangeError(`pair ${pair} was not run`); // every pair stands in one batch
}
