/**
 * Path patching: which heads matter to something above them, by way of what it reads of them.
 *
 * Activation patching says that a head matters; path patching says to whom. A head sends what it wrote for the corrupted prompt,
 * every other head is held at the clean prompt, and only the receivers notice: the logits (who writes to the answer directly?), or
 * what chosen heads read for their queries, keys or values (who tells them where to look, and what to copy?).
 *
 * Caveats. MLPs on the way may be recomputed, as in the paper, or frozen, which leaves the direct path alone: the answers differ.
 * All positions send and receive together. A path that needs two senders shows nothing for either.
 *
 * Source: Goldowsky-Dill et al. 2023, arXiv 2304.05969; Wang et al. 2022, arXiv 2211.00593, section 3.1.
 */
import { provenanceOf } from "@mlxterp/core";
import { createGrid, parseOptions } from "@mlxterp/results";
import { baselineTable, edgeNotes } from "../edge-attribution/edge-attribution.js";
import { graphOf } from "../graph/graph-of.js";
import { runPairs } from "../graph/run-pairs.js";
import { askedOf } from "../shared/asked.js";
import type { PairBaseline } from "../shared/baselines.js";
import { mean, range } from "../shared/lists.js";
import { chooseMetric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { type PatchingPrompts, resolvePairs } from "../shared/pairs.js";
import { type PathOptions, pathOptions } from "./options.js";
import { patchPaths } from "./paths.js";
import { receiversOf } from "./receivers.js";
import type { PathGrids, PathResult } from "./result.js";

/**
 * Each head as the sender, one after the other.
 *
 * @param input pairs of prompts, as for `activationPatching`; pairs may differ in length
 * @returns for every head the metric of the clean run in which the receivers read what the head would have told them
 * @throws what `edgeAttribution` throws; InvalidArgumentError (`INVALID_ARGUMENT`) for receivers that do not exist
 * @example
 * const { grids } = await pathPatching(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John" });
 * valueAt(grids.effect, { layer: 3, head: 0 }); // what head 3.0 tells the logits
 */
export async function pathPatching(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: PathOptions,
): Promise<PathResult> {
  const asked = parseOptions("pathPatching", pathOptions, options);
  const { batchSize, signal, onProgress } = asked;
  const { pairs, notes, asked: answers } = resolvePairs(model, input, asked);
  const metric = chooseMetric(asked.metric, asked.wrongAnswer !== undefined);
  const graph = await graphOf(model, pairs[0].clean.ids);
  const receivers = receiversOf(graph, asked.receivers);
  const byPair = new Array<number[]>(pairs.length);
  const baselines = new Array<PairBaseline>(pairs.length);
  let done = 0;
  for await (const batch of runPairs(model, graph, pairs, { metric, batchSize, signal })) {
    const found = await patchPaths(batch, receivers, asked);
    batch.numbers.forEach((number, row) => {
      byPair[number] = found[row];
      baselines[number] = batch.baselines[row];
    });
    done += batch.numbers.length;
    onProgress?.({ done, total: pairs.length, stage: "patching paths" });
  }
  return {
    method: "path",
    asked: askedOf(asked, { ...answers, ...(typeof metric === "string" && { metric }) }),
    fed: pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: pathGrids(model, byPair, baselines),
    tables: { baselines: baselineTable({ metric, baselines }) },
    notes: [...notes, ...edgeNotes(pairs, { metric, baselines })],
    provenance: provenanceOf(model),
  };
}

function pathGrids(
  { anatomy }: AnalysisModel,
  byPair: readonly (readonly number[])[],
  baselines: readonly PairBaseline[],
): PathGrids {
  const labels = { layer: range(anatomy.layers), head: range(anatomy.heads) };
  const means = byPair[0].map((_, at) => mean(byPair.map((values) => values[at])));
  const clean = mean(baselines.map((one) => one.clean));
  const corrupted = mean(baselines.map((one) => one.corrupted));
  const effects = means.map((value) => (clean - value) / (clean - corrupted));
  return {
    effect: createGrid({ labels, values: effects, unit: "effect", neutral: 0 }),
    metric: createGrid({ labels, values: means, unit: "metric" }),
    metricByPair: createGrid({
      labels: { pair: range(byPair.length), ...labels },
      values: byPair.flat(),
      unit: "metric",
    }),
  };
}
