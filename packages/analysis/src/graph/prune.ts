/** A set of edges without those that are on no path from the input to the logits. */
import { range } from "../shared/lists.js";
import { type ComponentGraph, type Destination, type EdgeSet, edgesOf } from "./graph.js";

/**
 * Components that nothing of the set leads to, or from which nothing leads to the logits, write what they write in the other run, so
 * their edges may go: the result of the circuit stays the same.
 */
export function pruned(graph: ComponentGraph, set: EdgeSet): EdgeSet {
  const { sources, destinations } = graph;
  const kept = edgesOf(graph).filter(({ index }) => set[index] === 1);
  const writerOf = destinations.map((destination) => ownersOf(graph, destination));
  const reached = new Set([0]);
  // by source: whatever a component reads stands before it in the list
  for (const { source, destination } of kept) {
    if (!reached.has(source)) continue;
    for (const one of writerOf[destination]) reached.add(one);
  }
  const leading = new Set([end]);
  for (const { source, destination } of [...kept].reverse()) {
    if (writerOf[destination].some((one) => leading.has(one))) leading.add(source);
  }
  const result = new Uint8Array(sources.length * destinations.length);
  for (const { source, destination, index } of kept) {
    const onward = writerOf[destination].some((one) => leading.has(one));
    if (reached.has(source) && onward) result[index] = 1;
  }
  return result;
}

/** Stands for the logits, which nothing reads. */
const end = -1;

/**
 * The sources that write something else when a destination reads something else: of shared keys and values, all heads that use them, of an MLP
 * all its parts, and of any head those that are normalised with it; -1 stands for the logits.
 */
export function ownersOf(
  { heads, destinations, firsts, wiring }: ComponentGraph,
  { kind, layer, head }: Destination,
): number[] {
  const first = firsts[layer];
  if (kind === "logits") return [end];
  if (kind === "mlp") return range(firsts[layer + 1] - first - heads).map((part) => first + heads + part); // biome-ignore format: one choice
  if (kind === "attention" || wiring[layer].writeWeight) return range(heads).map((user) => first + user); // biome-ignore format: one choice
  const shares = destinations.filter((one) => one.kind === kind && one.layer === layer).length;
  const users = heads / shares;
  return Array.from({ length: users }, (_, user) => first + head! * users + user);
}
