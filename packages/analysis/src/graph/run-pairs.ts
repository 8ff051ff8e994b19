/** Pairs of prompts as batches of one length, run once each, with what they are judged by. */
import { type PositionMap, positionMap, putInPlace } from "../shared/aligned.js";
import { batchesByLength, type JudgedPairs, judgePairs, stepsOf } from "../shared/baselines.js";
import type { Metric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import type { RunPairs } from "./edge-runs.js";
import type { ComponentGraph } from "./graph.js";
import { type Outputs, outputsOf } from "./outputs.js";

/** A batch of pairs that were run. */
export interface PairBatch extends RunPairs, JudgedPairs {
  /** The numbers of its pairs in the request. */
  readonly numbers: readonly number[];
}

interface Batches {
  readonly metric: Metric;
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

/** Pairs by length, in batches; each batch is let go before the next is run. */
export async function* runPairs(
  model: AnalysisModel,
  graph: ComponentGraph,
  pairs: readonly PromptPair[],
  { metric, batchSize, signal }: Batches,
): AsyncGenerator<PairBatch> {
  for (const numbers of batchesByLength(pairs, batchSize)) {
    signal?.throwIfAborted();
    const ids = numbers.map((number) => pairs[number].clean.ids);
    const others = numbers.map((number) => pairs[number].corrupted.ids);
    const [clean, corrupted] = [
      await outputsOf(model, ids, graph),
      await outputsOf(model, others, graph),
    ];
    const streams = [clean.stream[graph.layers], corrupted.stream[graph.layers]] as const;
    const judged = await judgePairs(model, pairs, numbers, metric, streams);
    const own = numbers.map((number) => pairs[number]);
    const same = Math.min(...own.map(sameBeginning));
    const other = inPlace(corrupted, clean, positionMap(own[0], "clean")); // of all, since they are aligned alike
    yield { ...{ model, graph, ids, clean, numbers, same, steps: stepsOf(own) }, corrupted: other, ...judged }; // biome-ignore format: one object
  }
}

/** How many tokens both prompts of a pair begin with. */
function sameBeginning({ clean, corrupted }: PromptPair): number {
  const differs = clean.ids.findIndex((id, at) => id !== corrupted.ids[at]);
  return differs === -1 ? clean.ids.length : differs;
}

/** What the other run wrote, at the positions of this one. */
function inPlace(other: Outputs, own: Outputs, map: PositionMap): Outputs {
  if (!map) return other;
  const each = (name: "stream" | "mlpReads" | "attention" | "mlps") =>
    other[name].map((x, at) => putInPlace(x, own[name][at], map, 1));
  return {
    writes: putInPlace(other.writes, own.writes, map, 2),
    stream: each("stream"),
    mlpReads: each("mlpReads"),
    attention: each("attention"),
    mlps: each("mlps"),
  };
}
