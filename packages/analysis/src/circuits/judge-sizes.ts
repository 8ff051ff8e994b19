/** Circuits of several sizes, the one that is kept, and everything that they are held against, in one list of runs. */
import { uniformNumbers } from "@mlxterp/mlx";
import { type EdgeScores, rankedEdges } from "../edge-attribution/edge-scores.js";
import { type Edge, type EdgeSet, edgeSet, edgesOf, sizeOf } from "../graph/graph.js";
import { pruned } from "../graph/prune.js";
import { EqualBaselinesError } from "../shared/errors.js";
import { mean } from "../shared/lists.js";
import { metricName } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import { takeTurn } from "../shared/stoppable.js";
import { judgeEdges } from "./judge.js";
import type { AskedCircuit } from "./options.js";
import { chooser } from "./order.js";
import type { CircuitSize, LeftOut, NeededEdge } from "./result.js";
import { complement, drawn, randomEdges, setOf } from "./select.js";

export interface JudgedSizes {
  /** A row for every fraction, and last for `keep` where that is none of them. */
  readonly sizes: readonly CircuitSize[];
  /** Faithfulness by size and pair. */
  readonly byPair: readonly (readonly number[])[];
  /** The circuit that is kept. */
  readonly circuit: EdgeSet;
  readonly needed: readonly NeededEdge[];
  readonly leftOut: readonly LeftOut[];
}

export async function judgeSizes(
  model: AnalysisModel,
  pairs: readonly PromptPair[],
  found: EdgeScores,
  asked: AskedCircuit,
): Promise<JudgedSizes> {
  const { graph, metric } = found;
  const { fractions, keep, random, seed, batchSize, ablation, signal, onProgress } = asked;
  const draw = uniformNumbers(seed);
  const all = fractions.includes(keep) ? fractions : [...fractions, keep];
  const choose = chooser(found, asked);
  const circuits = all.map((fraction) => setOf(graph, choose(Math.floor(fraction * graph.edges + 1e-9)))); // biome-ignore format: one line
  const others: EdgeSet[][] = [];
  for (const set of circuits) {
    const ofThisSize: EdgeSet[] = [];
    for (let count = 0; count < random; count++) {
      await takeTurn(signal);
      ofThisSize.push(randomEdges(graph, sizeOf(set), draw));
    }
    others.push(ofThisSize);
  }
  const circuit = circuits[all.indexOf(keep)]; // `keep` is one of them
  const apart = partsOf(found, circuit, asked, draw);
  const runs = [
    edgeSet(graph, true),
    ...circuits.flatMap((set, index) => [
      complement(graph, set),
      set,
      ...others[index].map((one) => complement(graph, one)),
    ]),
    ...apart.single.map((edge) => complement(graph, minus(circuit, [edge]))),
    ...apart.parts.flatMap((part) => [complement(graph, minus(circuit, part)), setOf(graph, part)]),
  ];
  const onRows = (done: number, total: number) => onProgress?.({ done, total, stage: "judging circuits" }); // biome-ignore format: one line
  const judged = await judgeEdges({ model, graph, pairs, metric, batchSize, ablation, signal, onRows }, runs); // biome-ignore format: one call
  const { share, byPair } = scaleOf(found, judged[0]);
  const [step, end] = [2 + random, 1 + all.length * (2 + random)];
  const sizes = all.map((fraction, index): CircuitSize => {
    const [kept, without, ...null_] = judged.slice(1 + index * step, 1 + (index + 1) * step).map(share); // biome-ignore format: one line
    const set = circuits[index];
    const drawnOnes = random > 0 && { randomMean: mean(null_), randomMost: Math.max(...null_) };
    return { fraction, edges: sizeOf(set), onPaths: sizeOf(pruned(graph, set)), faithfulness: kept, without, ...drawnOnes }; // biome-ignore format: one row
  });
  const whole = sizes[all.indexOf(keep)].faithfulness;
  const singles = judged.slice(end, end + apart.single.length).map(share);
  const rest = judged.slice(end + apart.single.length).map(share);
  return {
    sizes,
    byPair: all.map((_, index) => byPair(judged[1 + index * step])),
    circuit,
    needed: apart.single.map(({ source, destination }, at) => ({
      source: graph.sources[source].name,
      destination: graph.destinations[destination].name,
      loss: whole - singles[at],
    })),
    leftOut: apart.parts.map((part, at) => {
      const [own, full] = [rest[2 * at], rest[2 * at + 1]];
      return { edges: part.length, circuit: own, model: full, gap: Math.abs(own - full) };
    }),
  };
}

/** From the run in which everything is ablated, 0, to the clean run, 1. */
function scaleOf({ baselines, metric }: EdgeScores, ablated: readonly number[]) {
  const [clean, none] = [mean(baselines.map((one) => one.clean)), mean(ablated)];
  if (Math.abs(clean - none) <= 1e-5 * Math.max(Math.abs(clean), Math.abs(none))) {
    throw new EqualBaselinesError(0, metricName(metric), clean, none);
  }
  return {
    share: (values: readonly number[]) => (mean(values) - none) / (clean - none),
    byPair: (values: readonly number[]) =>
      values.map((value, pair) => (value - ablated[pair]) / (baselines[pair].clean - ablated[pair])), // biome-ignore format: one line
  };
}

/** Single edges of the circuit, spread over its ranks, and random parts of it. */
function partsOf(
  found: EdgeScores,
  circuit: EdgeSet,
  { minimality, completeness }: AskedCircuit,
  draw: () => number,
): { single: Edge[]; parts: Edge[][] } {
  const { graph } = found;
  const rank = new Map(rankedEdges(found).map(({ index }, at) => [index, at]));
  const inside = edgesOf(graph)
    .filter(({ index }) => circuit[index] === 1)
    .sort((a, b) => rank.get(a.index)! - rank.get(b.index)!);
  const count = Math.min(minimality, inside.length);
  const at = (one: number) => Math.round((one * (inside.length - 1)) / Math.max(1, count - 1));
  const single = Array.from({ length: count }, (_, one) => inside[at(one)]);
  const parts = Array.from({ length: inside.length > 1 ? completeness : 0 }, () =>
    drawn(inside, 1 + Math.floor(draw() * (inside.length - 1)), draw),
  );
  return { single, parts };
}

function minus(set: EdgeSet, edges: readonly Edge[]): EdgeSet {
  const rest = set.slice();
  for (const { index } of edges) rest[index] = 0;
  return rest;
}
