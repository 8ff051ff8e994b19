/** Scores of all edges over all pairs: what edge attribution and circuits have in common. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { type ComponentGraph, edgesOf } from "../graph/graph.js";
import { graphOf } from "../graph/graph-of.js";
import { type PairBatch, runPairs } from "../graph/run-pairs.js";
import type { PairBaseline } from "../shared/baselines.js";
import { meanScores } from "../shared/mean-scores.js";
import { chooseMetric, type Metric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPairs } from "../shared/pairs.js";
import { readingsOf } from "../shared/readings.js";
import { learnMasks } from "./learn-masks.js";
import type { AskedEdges, EdgeScoring } from "./options.js";
import { scoreEdges } from "./score-edges.js";

/** Of one request. */
export interface EdgeScores {
  readonly graph: ComponentGraph;
  readonly metric: Metric;
  /** For each pair, or once where all pairs are scored together, a score for every source and destination. */
  readonly byPair: readonly Float64Array[];
  readonly baselines: readonly PairBaseline[];
}

/** @throws EqualBaselinesError (`EQUAL_BASELINES`), NotASumError (`NOT_A_SUM`), NotFiniteError (`NOT_FINITE`) */
export async function edgeScores(
  model: AnalysisModel,
  { pairs }: PromptPairs,
  asked: AskedEdges,
): Promise<EdgeScores> {
  const { signal, onProgress, batchSize, scoring } = asked;
  const metric = chooseMetric(asked.metric, asked.wrongAnswer !== undefined);
  const graph = await graphOf(model, pairs[0].clean.ids, "any", asked.neurons);
  const readings = readingsOf(pairs, metric);
  const total = readings.pairs.length;
  if (asked.neurons) requireRoom(model, graph, Math.max(...readings.pairs.map(({ clean }) => clean.ids.length)), Math.min(batchSize, total)); // biome-ignore format: one call
  if (readings.pairs !== pairs && !isLinear(scoring)) {
    const rule = `"${scoring}" is no sum over the steps of an answer, and one is several tokens here; take a scoring by gradients, relevance or exact runs.`;
    throw new InvalidArgumentError("scoring", scoring, rule);
  }
  const byReading = new Array<Float64Array>(total);
  const scored = new Array<PairBaseline>(total);
  const together: PairBatch[] = [];
  let done = 0;
  for await (const batch of runPairs(model, graph, readings.pairs, { metric, batchSize, signal })) {
    const scores = isLearned(scoring) ? undefined : await scoreEdges(scoredBy(batch, asked), scoring); // biome-ignore format: one choice
    batch.numbers.forEach((number, row) => {
      if (scores) byReading[number] = scores[row];
      scored[number] = batch.baselines[row];
    });
    if (!scores) together.push(batch);
    done += batch.numbers.length;
    onProgress?.({ done, total, stage: "scoring edges" });
  }
  const baselines = readings.baselines(scored);
  if (isLearned(scoring)) {
    const learned = await learnMasks(graph, together, { ...asked, over: scoring === "edge-masks" ? "edges" : "nodes" }); // biome-ignore format: one call
    return { graph, metric, byPair: [learned], baselines };
  }
  return { graph, metric, byPair: readings.merged(byReading), baselines };
}

/** More than what all parts of both runs write is not held. */
const room = 2 ** 31; // bytes

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) where what neurons write takes more */
function requireRoom(
  { anatomy }: AnalysisModel,
  { sources }: ComponentGraph,
  length: number,
  batchSize: number,
): void {
  const bytes = 2 * 4 * batchSize * sources.length * length * anatomy.hidden;
  if (bytes <= room) return;
  const size = `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const rule = `what ${sources.length} nodes write at ${length} positions takes ${size}, and 2 are held; choose a smaller batchSize (now ${batchSize}), shorter prompts, or whole MLPs.`;
  throw new InvalidArgumentError("neurons", true, rule);
}

/** Whether scores of a sum are sums of scores. */
function isLinear(scoring: EdgeScoring): boolean {
  return !isLearned(scoring) && scoring !== "information-flow";
}

function isLearned(scoring: EdgeScoring): scoring is "edge-masks" | "node-masks" {
  return scoring === "edge-masks" || scoring === "node-masks";
}

function scoredBy(batch: PairBatch, asked: AskedEdges) {
  const metric = batch.metricOf(batch.numbers.map((_, row) => row));
  const baseline = batch.baselines.map(({ clean }) => clean);
  return { ...batch, metric, baseline, asked };
}

/** Edges with their names and their places in an `EdgeSet`, the strongest first. */
export function rankedEdges({ graph, byPair }: Pick<EdgeScores, "graph" | "byPair">) {
  const { mean, margin } = meanScores(byPair);
  const { sources, destinations } = graph;
  return edgesOf(graph)
    .map(({ source, destination, index }) => ({
      index,
      source: sources[source].name,
      destination: destinations[destination].name,
      score: mean[index],
      ...(byPair.length > 1 && {
        low: mean[index] - margin[index],
        high: mean[index] + margin[index],
      }),
    }))
    .sort((a, b) => Math.abs(b.score) - Math.abs(a.score));
}
