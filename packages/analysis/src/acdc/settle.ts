/** What sources write at the place where the search stands. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { readMask } from "../graph/edge-masks.js";
import { type RunPairs, traceEdges } from "../graph/edge-runs.js";
import { begunBefore, type EdgeSet } from "../graph/graph.js";
import type { Settled } from "../graph/settled.js";
import { range } from "../shared/lists.js";

/** What is known while a search goes from stage to stage. */
export interface Standing {
  /**
   * Of each batch what its runs in a stage have in common; undefined where that is nothing, since it takes a pass.
   *
   * @param removed edges that are left out
   * @param of sources to which the stage's edges do not lead
   * @param leads sources that lead to the answer
   * @param layer of the stage; edges to later layers stay as they are in it
   */
  before(
    removed: EdgeSet,
    of: Uint8Array,
    leads: Uint8Array,
    layer: number,
  ): Promise<readonly Settled[] | undefined>;
  /** To be called where edges of a stage were left out. */
  after(of: Uint8Array): void;
  readonly passes: number;
}

export function standing(batches: readonly RunPairs[]): Standing {
  let states: State[] = batches.map(({ clean }) => ({ writes: clean.writes, patterns: new Map() }));
  const known = new Uint8Array(batches[0].graph.sources.length).fill(1);
  let passes = 0;
  return {
    get passes() {
      return passes;
    },
    async before(removed, of, leads, layer) {
      if (!leads.some((one, at) => one === 1 && of[at] === 1)) return undefined;
      if (known.includes(0)) {
        const settled = states.map((state) => ({ of: known, ...state }));
        states = [];
        for (const [at, batch] of batches.entries()) states.push(await settle(batch, removed, settled[at])); // biome-ignore format: one line
        passes += states.length;
        known.fill(1);
      }
      return states.map(({ writes, patterns }) => {
        const later = new Map([...patterns].filter(([own]) => own > layer));
        return { of, writes, patterns: later };
      });
    },
    after(of) {
      of.forEach((one, source) => {
        if (!one) known[source] = 0;
      });
    },
  };
}

/** Of one batch. */
type State = Required<Omit<Settled, "of">>;

/**
 * What all sources write in the runs of these pairs without some edges, and where heads look; of those that lead nowhere it stays what it was.
 *
 * @param before what is known already
 */
async function settle(pairs: RunPairs, removed: EdgeSet, before: Settled): Promise<State> {
  const { graph, ids, model } = pairs;
  const masks = graph.reads.map((site) => readMask(graph, site, [removed]));
  const numbers = ids.map((_, pair) => pair);
  const [, , length, hidden] = before.writes.shape;
  const sites = new Set(model.sites().map(({ site }) => site));
  const found: { readonly from: number; readonly to: number }[] = [];
  const looked: number[] = [];
  const { patterns = new Map<number, MxArray>(), ...own } = before;
  const values = await traceEdges(pairs, { numbers, masks, settled: own }, (trace, { written, leads }) => {
    const needed = written.filter(({ from, to }) => leads.some((one, at) => at >= from && at < to && one === 1 && !before.of[at])); // biome-ignore format: one rule
    found.push(...needed);
    const heads = range(graph.layers).filter((layer) => needed.some(({ from }) => from === begunBefore(graph, layer))); // biome-ignore format: one line
    looked.push(...heads.filter((layer) => sites.has(patternOf(layer))));
    return [
      ...needed.map((block) => block.values),
      ...looked.map((layer) => trace.at(patternOf(layer)).value),
    ];
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
  const fresh = looked.map((layer, at) => [layer, values[found.length + at]] as const);
  return {
    writes: parts.length === 1 ? parts[0] : mx.concatenate(parts, 1),
    patterns: new Map([...patterns, ...fresh]),
  };
}

function patternOf(layer: number): string {
  return `layers.${layer}.selfAttn.pattern`;
}
