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
