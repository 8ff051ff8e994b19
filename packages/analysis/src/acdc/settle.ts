/** What sources write at the place where the search stands. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { readMask } from "../graph/edge-masks.js";
import { type RunPairs, traceEdges } from "../graph/edge-runs.js";
import type { EdgeSet } from "../graph/graph.js";
import type { Settled } from "../graph/settled.js";

/** What is known while a search goes from stage to stage. */
export interface Standing {
  /**
   * Of each batch what its runs in a stage have in common; undefined where that is little, since it takes a pass.
   *
   * @param removed edges that are left out
   * @param of sources to which the stage's edges do not lead
   * @param leads sources that lead to the answer
   */
  before(
    removed: EdgeSet,
    of: Uint8Array,
    leads: Uint8Array,
  ): Promise<readonly Settled[] | undefined>;
  /** To be called where edges of a stage were left out. */
  after(of: Uint8Array): void;
  readonly passes: number;
}

/** Less than this share of what leads to the answer is not worth its pass. */
const worth = 0.25;

export function standing(batches: readonly RunPairs[]): Standing {
  let states = batches.map(({ clean }) => clean.writes);
  const known = new Uint8Array(batches[0].graph.sources.length).fill(1);
  let passes = 0;
  return {
    get passes() {
      return passes;
    },
    async before(removed, of, leads) {
      const living = leads.reduce((sum, one) => sum + one, 0);
      const common = leads.reduce((sum, one, at) => sum + (one && of[at]), 0);
      if (living === 0 || common < worth * living) return undefined;
      if (known.includes(0)) {
        const settled = states.map((writes) => ({ of: known, writes }));
        states = [];
        for (const [at, batch] of batches.entries()) states.push(await settle(batch, removed, settled[at])); // biome-ignore format: one line
        passes += states.length;
        known.fill(1);
      }
      return states.map((writes) => ({ of, writes }));
    },
    after(of) {
      of.forEach((one, source) => {
        if (!one) known[source] = 0;
      });
    },
  };
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
