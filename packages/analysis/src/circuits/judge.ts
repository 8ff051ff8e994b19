/** The metric of runs in which only some edges carry what the clean run writes. */
import { toFlat } from "@mlxterp/mlx";
import { edgeRowsThatFit, runEdges } from "../graph/edge-runs.js";
import type { ComponentGraph, EdgeSet } from "../graph/graph.js";
import { restOf } from "../graph/rest.js";
import { runPairs } from "../graph/run-pairs.js";
import type { Metric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import { readingsOf } from "../shared/readings.js";
import { ablationOf } from "./ablation.js";
import type { Ablation } from "./options.js";

interface Judged {
  readonly model: AnalysisModel;
  readonly graph: ComponentGraph;
  readonly pairs: readonly PromptPair[];
  readonly metric: Metric;
  readonly batchSize: number;
  readonly ablation?: Ablation;
  readonly signal?: AbortSignal | undefined;
  readonly onRows?: (done: number, total: number) => void;
}

/**
 * @param corrupted for each run the edges that carry what the corrupted prompt wrote, or what the ablation puts in its place
 * @returns by run, and within it by pair
 */
export async function judgeEdges(
  { model, graph, pairs, metric, batchSize, ablation = "patch", signal, onRows }: Judged,
  corrupted: readonly EdgeSet[],
): Promise<number[][]> {
  const readings = readingsOf(pairs, metric);
  const found = corrupted.map(() => new Array<number>(readings.pairs.length));
  const batches = () => runPairs(model, graph, readings.pairs, { metric, batchSize, signal });
  const ablated = await ablationOf(ablation, batches);
  let done = 0;
  for await (const plain of batches()) {
    const many = ablation === "patch" && corrupted.length > 3; // fewer take as long as what it takes to leave something out
    const batch = many ? await restOf(plain) : ablated(plain);
    const rows = corrupted.flatMap((set, run) =>
      batch.numbers.map((number, pair) => ({ run, number, pair, corrupted: set })),
    );
    const most = edgeRowsThatFit(batch);
    for (let start = 0; start < rows.length; start += most) {
      signal?.throwIfAborted();
      const chunk = rows.slice(start, start + most);
      const read = batch.metricOf(chunk.map(({ pair }) => pair));
      const values = toFlat(await runEdges(batch, chunk, read));
      chunk.forEach(({ run, number }, row) => {
        found[run][number] = values[row];
      });
      done += chunk.length;
      onRows?.(done, corrupted.length * readings.pairs.length);
    }
  }
  return found.map((values) => readings.merged(values.map((value) => [value])).flat());
}
