/** Sets of edges: the strongest, or any. */
import { type ComponentGraph, type EdgeSet, edgeSet, edgesOf } from "../graph/graph.js";

/** The edges whose scores are furthest from zero; among equals the first. */
export function strongest(
  graph: ComponentGraph,
  scores: ArrayLike<number>,
  count: number,
): EdgeSet {
  const order = edgesOf(graph).sort(
    (a, b) => Math.abs(scores[b.index]) - Math.abs(scores[a.index]) || a.index - b.index,
  );
  return setOf(graph, order.slice(0, count));
}

/** Edges drawn without replacement. */
export function randomEdges(graph: ComponentGraph, count: number, random: () => number): EdgeSet {
  const edges = edgesOf(graph);
  for (let index = 0; index < count; index++) {
    const other = index + Math.floor(random() * (edges.length - index));
    [edges[index], edges[other]] = [edges[other], edges[index]];
  }
  return setOf(graph, edges.slice(0, count));
}

function setOf(graph: ComponentGraph, edges: readonly { readonly index: number }[]): EdgeSet {
  const set = edgeSet(graph);
  for (const { index } of edges) set[index] = 1;
  return set;
}

/** All other edges. */
export function complement(graph: ComponentGraph, set: EdgeSet): EdgeSet {
  const rest = edgeSet(graph);
  for (const { index } of edgesOf(graph)) rest[index] = set[index] === 1 ? 0 : 1;
  return rest;
}
