/** Sets of edges: given ones, any, all others. */
import { type ComponentGraph, type Edge, type EdgeSet, edgeSet, edgesOf } from "../graph/graph.js";

/** Edges drawn without replacement. */
export function randomEdges(graph: ComponentGraph, count: number, random: () => number): EdgeSet {
  return setOf(graph, drawn(edgesOf(graph), count, random));
}

/** So many of a list, each at most once. */
export function drawn<T>(list: readonly T[], count: number, random: () => number): T[] {
  const all = [...list];
  for (let index = 0; index < count; index++) {
    const other = index + Math.floor(random() * (all.length - index));
    [all[index], all[other]] = [all[other], all[index]];
  }
  return all.slice(0, count);
}

export function setOf(graph: ComponentGraph, edges: readonly Pick<Edge, "index">[]): EdgeSet {
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
