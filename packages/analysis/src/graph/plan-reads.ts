/**
 * What of a pass is computed where most edges are moved: of each destination the sum of the edges that are left, and of what leads to the
 * answer through none of them nothing.
 */
import { fromFlat } from "@mlxterp/mlx";
import type { ReadMask } from "./edge-masks.js";
import { begunBefore, type ComponentGraph, type ReadSite } from "./graph.js";
import { ownersOf } from "./prune.js";
import { isLeft, type Settled } from "./settled.js";

/** How what is read is put together. */
export interface ReadPlan {
  /** Whether from what is left, and not from the stream less what is moved. */
  readonly summed: boolean;
  /** Of each site that is read; undefined for those that read what they read, or lead nowhere. */
  readonly masks: readonly (ReadMask | undefined)[];
  /** 1 for sources that something reads which leads to the answer. */
  readonly leads: Uint8Array;
}

/**
 * @param masks of each site that is read; undefined where nothing moves
 * @param begun how many sources write what they wrote in the clean run
 * @param settled what is known of others
 */
export function planReads(
  graph: ComponentGraph,
  masks: readonly (ReadMask | undefined)[],
  begun: number,
  settled?: Settled,
): ReadPlan {
  const every = new Uint8Array(graph.sources.length).fill(1);
  if (masks.some((mask) => mask && !mask.keeps)) return { summed: false, masks, leads: every }; // it is not known what is left
  const { reads } = graph;
  const first = masks.findIndex((mask) => mask);
  if (first === -1) return { summed: false, masks, leads: every };
  const { live, leads } = liveReads(graph, masks, settled);
  const blocks = blocksFrom(graph, begun);
  let [left, moved] = [0, 0];
  for (let at = first; at >= 0 && at < reads.length; at++) {
    if (!live[at]) continue;
    const mask = masks[at];
    for (const [from, to] of blocks) {
      if (to > reads[at].reach) break;
      if (mask ? isLeft(mask, settled, from, to) : !settled) left++;
      if (mask?.moves(from, to)) moved++;
    }
  }
  if (left > moved) return { summed: false, masks, leads: every };
  const whole = (read: ReadSite, at: number) => (read.layer > reads[first].layer ? leftAsItIs(graph, read) : masks[at]); // biome-ignore format: one choice
  return {
    summed: true,
    leads,
    masks: reads.map((read, at) => (live[at] ? (masks[at] ?? whole(read, at)) : undefined)),
  };
}

/** Of each site whether something reads there that leads to the answer, and of which it is not known what it writes. */
function liveReads(
  graph: ComponentGraph,
  masks: readonly (ReadMask | undefined)[],
  settled: Settled | undefined,
): { readonly live: readonly boolean[]; readonly leads: Uint8Array } {
  const { reads, destinations, sources } = graph;
  const leads = new Uint8Array(sources.length);
  const live = reads.map(() => false);
  for (let at = reads.length - 1; at >= 0; at--) {
    const { first, count, reach } = reads[at];
    const own = destinations.slice(first, first + count);
    live[at] = own.some((one) =>
      ownersOf(graph, one).some(
        (owner) => owner < 0 || (leads[owner] === 1 && !settled?.of[owner]),
      ),
    );
    if (!live[at]) continue;
    const mask = masks[at];
    for (let source = 0; source < reach; source++) {
      if (!mask || mask.keeps!(source, source + 1)) leads[source] = 1;
    }
  }
  return { live, leads };
}

/** Sources that write at once, from the first that writes in the pass. */
function blocksFrom(graph: ComponentGraph, begun: number): [from: number, to: number][] {
  const { layers, heads, firsts } = graph;
  const all = Array.from({ length: layers }, (_, layer): [number, number][] => {
    const start = begunBefore(graph, layer);
    return [
      [start, start + heads],
      [start + heads, firsts[layer + 1]],
    ];
  });
  return all.flat().filter(([from]) => from >= begun);
}

/** Nothing of it moves. */
function leftAsItIs({ sources }: ComponentGraph, { count }: ReadSite): ReadMask {
  const values = fromFlat(new Float32Array(count * sources.length), [1, count, sources.length]);
  return { values, moves: () => false, keeps: () => true };
}
