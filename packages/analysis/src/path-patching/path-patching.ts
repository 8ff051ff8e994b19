/**
 * Path patching: which heads matter to something above them, by way of what it reads of them.
 *
 * Activation patching says that a head matters; path patching says to whom. A head sends what it wrote for the corrupted prompt,
 * every other head is held at the clean prompt, and only the receivers notice: the logits (who writes to the answer directly?), or
 * what chosen heads read for their queries, keys or values (who tells them where to look, and what to copy?).
 *
 * Senders may be sets that send together, MLPs and the embedding among them; receivers may be several at once. That is how a hypothesis is
 * tried: these heads, by way of what those read.
 *
 * Caveats. MLPs on the way may be recomputed, as in the paper, or frozen, which leaves the direct path alone: the answers differ.
 * All positions send and receive together. A path that needs two senders shows nothing for either: let them send together.
 *
 * Source: Goldowsky-Dill et al. 2023, arXiv 2304.05969; Wang et al. 2022, arXiv 2211.00593, section 3.1.
 */
import { provenanceOf } from "@mlxterp/core";
import { createGrid, type Label, parseOptions } from "@mlxterp/results";
import { baselineTable, edgeNotes } from "../edge-attribution/edge-attribution.js";
import { graphOf } from "../graph/graph-of.js";
import { runPairs } from "../graph/run-pairs.js";
import { askedOf } from "../shared/asked.js";
import type { PairBaseline } from "../shared/baselines.js";
import { boundsOf, effectMargins, meanMargins } from "../shared/effect-margins.js";
import { mean, range } from "../shared/lists.js";
import { chooseMetric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { type PatchingPrompts, resolvePairs } from "../shared/pairs.js";
import { readingsOf } from "../shared/readings.js";
import { type AskedPaths, type PathOptions, pathOptions } from "./options.js";
import { patchPaths } from "./paths.js";
import { receiversOf } from "./receivers.js";
import type { PathGrids, PathResult } from "./result.js";
import { eachHead, sendersOf } from "./senders.js";

/**
 * Each head as the sender, one after the other, or the senders that are named.
 *
 * @param input pairs of prompts, as for `activationPatching`; pairs may differ in length
 * @returns for every head, or set of senders, the metric of the clean run in which the receivers read what the head would have told them
 * @throws what `edgeAttribution` throws; InvalidArgumentError (`INVALID_ARGUMENT`) for senders and receivers that do not exist
 * @example
 * const { grids } = await pathPatching(model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John" });
 * valueAt(grids.effect, { layer: 3, head: 0 }); // what head 3.0 tells the logits
 */
export function pathPatching(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: PathOptions & { readonly senders?: undefined },
): Promise<PathResult>;
export function pathPatching(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: PathOptions,
): Promise<PathResult<"senders">>;
export async function pathPatching(
  model: AnalysisModel,
  input: PatchingPrompts,
  options: PathOptions,
): Promise<PathResult | PathResult<"senders">> {
  const asked = parseOptions("pathPatching", pathOptions, options);
  const { batchSize, signal, onProgress } = asked;
  const {
    pairs,
    notes,
    asked: answers,
  } = resolvePairs(model, input, asked, { sequences: true, spans: true });
  const metric = chooseMetric(asked.metric, asked.wrongAnswer !== undefined);
  const graph = await graphOf(model, pairs[0].clean.ids);
  const receivers = receiversOf(graph, asked.receivers);
  const senders = asked.senders ? sendersOf(graph, asked.senders) : eachHead(graph);
  const readings = readingsOf(pairs, metric);
  const total = readings.pairs.length;
  const each = new Array<number[]>(total);
  const scores = new Array<PairBaseline>(total);
  let done = 0;
  for await (const batch of runPairs(model, graph, readings.pairs, { metric, batchSize, signal })) {
    const found = await patchPaths(batch, { receivers, senders }, asked);
    batch.numbers.forEach((number, row) => {
      each[number] = found[row];
      scores[number] = batch.baselines[row];
    });
    done += batch.numbers.length;
    onProgress?.({ done, total, stage: "patching paths" });
  }
  const [byPair, baselines] = [readings.merged(each), readings.baselines(scores)];
  return {
    method: "path",
    asked: askedOf(asked, { ...answers, ...(typeof metric === "string" && { metric }) }),
    fed: pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]),
    grids: pathGrids(labelsOf(model, asked.senders), byPair, baselines),
    tables: { baselines: baselineTable({ metric, baselines }) },
    notes: [...notes, ...edgeNotes(pairs, { metric, baselines })],
    provenance: provenanceOf(model),
  };
}

/** Of heads their layer and number; of senders that were named their names. */
function labelsOf(
  { anatomy }: AnalysisModel,
  senders: AskedPaths["senders"],
): Record<string, readonly Label[]> {
  if (!senders) return { layer: range(anatomy.layers), head: range(anatomy.heads) };
  return { senders: senders.map((set) => [set].flat().join(" + ")) };
}

function pathGrids(
  labels: Record<string, readonly Label[]>,
  byPair: readonly (readonly number[])[],
  baselines: readonly PairBaseline[],
): PathGrids & PathGrids<"senders"> {
  const means = byPair[0].map((_, at) => mean(byPair.map((values) => values[at])));
  const clean = mean(baselines.map((one) => one.clean));
  const corrupted = mean(baselines.map((one) => one.corrupted));
  const effects = means.map((value) => (clean - value) / (clean - corrupted));
  const pair = range(byPair.length);
  const ends = {
    from: baselines.map((one) => one.clean),
    to: baselines.map((one) => one.corrupted),
  };
  const near = boundsOf(effects, effectMargins(byPair, ends));
  const around = boundsOf(means, meanMargins(byPair));
  return {
    effect: createGrid({ labels, values: effects, ...near, unit: "effect", neutral: 0 }),
    metric: createGrid({ labels, values: means, ...around, unit: "metric" }),
    metricByPair: createGrid({ labels: { pair, ...labels }, values: byPair.flat(), unit: "metric" }), // biome-ignore format: one grid
  } as unknown as PathGrids & PathGrids<"senders">; // its axes are those of the labels
}
