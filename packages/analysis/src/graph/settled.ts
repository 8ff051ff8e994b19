/**
 * What sources write in runs that differ only in edges which do not lead to them: it is known before, so no row computes it.
 *
 * A search that tries the edges to one component makes hundreds of runs in which most others write the same.
 */
import type { MxArray } from "@mlxterp/mlx";
import type { ReadMask } from "./edge-masks.js";
import type { ComponentGraph, EdgeSet } from "./graph.js";
import { ownersOf } from "./prune.js";

export interface Settled {
  /** 1 for sources of which it is known. */
  readonly of: Uint8Array;
  /** (pair, source, position, hidden); of the others it may be anything. */
  readonly writes: MxArray;
  /** By layer the patterns of attention, (pair, heads, query, key), as far as they are known; they hold where queries and keys read settled sources alone. */
  readonly patterns?: ReadonlyMap<number, MxArray>;
}

/** All sources but those that read at one of these destinations, and those to which they lead through edges that are left. */
export function notLedTo(
  graph: ComponentGraph,
  removed: EdgeSet,
  changed: ReadonlySet<number>,
): Uint8Array {
  const { sources, destinations, reach } = graph;
  const settled = new Uint8Array(sources.length).fill(1);
  for (const [destination, one] of destinations.entries()) {
    let led = changed.has(destination);
    for (let source = 0; source < reach[destination] && !led; source++) {
      led = settled[source] === 0 && removed[source * destinations.length + destination] === 0;
    }
    if (!led) continue;
    for (const owner of ownersOf(graph, one)) if (owner >= 0) settled[owner] = 0;
  }
  return settled;
}

/**
 * The patterns of layers whose queries and keys are the same in all rows of a pass, so that no row computes them: most changes reach heads by
 * their values only.
 *
 * @param masks of each site that is read
 * @param begun how many sources write what they wrote in the clean run
 */
export function knownPatterns(
  { reads }: ComponentGraph,
  masks: readonly (ReadMask | undefined)[],
  begun: number,
  settled: Settled | undefined,
): Map<number, MxArray> {
  const found = new Map(settled?.patterns);
  for (const [at, { layer, kind, reach }] of reads.entries()) {
    const mask = masks[at];
    if (kind === "attention") found.delete(layer); // where nothing is left, its heads are not computed at all
    if (kind !== "query" && kind !== "key") continue;
    if (!mask || (settled && isLeft(mask, settled, begun, reach))) found.delete(layer);
  }
  return found;
}

/** Whether something is left, from one number to another, of what a pass computes. */
export function isLeft(
  { keeps }: ReadMask,
  settled: Settled | undefined,
  from: number,
  to: number,
): boolean {
  if (!settled) return keeps!(from, to);
  for (let source = from; source < to; source++) {
    if (!settled.of[source] && keeps!(source, source + 1)) return true;
  }
  return false;
}
