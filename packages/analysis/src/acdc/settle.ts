/** What sources write at the place where the search stands. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { readMask } from "../graph/edge-masks.js";
import { type RunPairs, traceEdges } from "../graph/edge-runs.js";
import type { EdgeSet } from "../graph/graph.js";
import type { Settled } from "../graph/settled.js";

/** Of each batch what all sources write where the search stands. */
export async function statesOf(
  batches: readonly RunPairs[],
  removed: EdgeSet,
  before: readonly Settled[],
): Promise<MxArray[]> {
  const states: MxArray[] = [];
  for (const [at, batch] of batches.entries())
    states.push(await settle(batch, removed, before[at]));
  return states;
}

/**
 * What all sources write in the runs of these pairs without some edges; of those that lead nowhere it stays what it was.
 *
 * @param before what is known already
 * @returns (pair, source, position, hidden)
 */
async function settle(pairs: RunPairs, removed: EdgeSet, before: Settled): Promise<MxArray> {
  const { graph, ids } = pairs;
  const masks = graph.reads.map((site) => readMask(graph, site, [removed]));
  const numbers = ids.map((_, pair) => pair);
  const [, , length, hidden] = before.writes.shape;
  const found: { readonly from: number; readonly to: number }[] = [];
  const values = await traceEdges(pairs, { numbers, masks, settled: before }, (_, { written, leads }) => {
    const needed = written.filter(({ from, to }) => leads.some((one, at) => at >= from && at < to && one === 1 && !before.of[at])); // biome-ignore format: one rule
    found.push(...needed);
    return needed.map((block) => block.values);
  }); // biome-ignore format: one call
  const parts: MxArray[] = [];
  let end = 0;
  const kept = (to: number) => before.writes.index(mx.Slice(), mx.Slice(end, to));
  found.forEach(({ from, to }, at) => {
    if (from > end) parts.push(kept(from));
    parts.push(values[at].reshape([ids.length, to - from, length, hidden]));
    end = to;
  });
  if (end < graph.sources.length) parts.push(kept(graph.sources.length));
  return parts.length === 1 ? parts[0] : mx.concatenate(parts, 1);
}
