/** Which destinations still lead to the logits: through edges that are not left out. */
import type { ComponentGraph, EdgeSet } from "../graph/graph.js";
import { ownersOf } from "../graph/prune.js";

/**
 * @param removed edges that are left out
 * @param later destinations that lead on, of those that are read after what the destination's component writes
 */
export function leadsOn(
  graph: ComponentGraph,
  removed: EdgeSet,
  later: ReadonlySet<number>,
  destination: number,
): boolean {
  const { destinations, reach } = graph;
  const leads = (source: number) =>
    [...later].some((end) => source < reach[end] && !removed[source * destinations.length + end]);
  return ownersOf(graph, destinations[destination]).some((owner) => owner === -1 || leads(owner));
}

/** Sources above a stage that lead to the answer: read at a destination that leads on, through an edge that is not left out. */
export function leadingSources(
  { sources, destinations, reach }: ComponentGraph,
  removed: EdgeSet,
  leading: ReadonlySet<number>,
  stage: readonly number[],
): Uint8Array {
  const first = Math.min(...stage.map((end) => reach[end]));
  const leads = new Uint8Array(sources.length);
  for (const end of leading) {
    for (let source = first; source < reach[end]; source++) {
      if (!removed[source * destinations.length + end]) leads[source] = 1;
    }
  }
  return leads;
}
