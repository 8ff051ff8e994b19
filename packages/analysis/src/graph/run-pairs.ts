/** Pairs of prompts as batches of one length, run once each, with what they are judged by. */
import { batchesByLength, type JudgedPairs, judgePairs } from "../shared/baselines.js";
import type { Metric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import type { RunPairs } from "./edge-runs.js";
import type { ComponentGraph } from "./graph.js";
import { outputsOf } from "./outputs.js";

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
    yield { model, graph, ids, clean, corrupted, numbers, ...judged };
  }
}
