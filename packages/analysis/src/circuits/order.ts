/** In which order edges are taken into a circuit. */
import { InvalidArgumentError, uniformNumbers } from "@mlxterp/mlx";
import { type ComponentGraph, type Edge, edgesOf } from "../graph/graph.js";
import { ownersOf } from "../graph/prune.js";
import { meanScores } from "../shared/mean-scores.js";
import type { Selection } from "./options.js";

interface Scored {
  readonly graph: ComponentGraph;
  /** Scores of each pair. */
  readonly byPair: readonly Float64Array[];
}

interface Choosing {
  readonly selection: Selection;
  readonly positiveShare: number;
  readonly seed: number;
}

/**
 * The edges of a circuit of this size, in no particular order.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for "bootstrap" without several scores of each edge
 */
export function chooser(
  { graph, byPair }: Scored,
  { selection, positiveShare, seed }: Choosing,
): (count: number) => Edge[] {
  const { mean } = meanScores(byPair);
  const size = ({ index }: Edge) => Math.abs(mean[index]);
  const strongest = edgesOf(graph).sort((a, b) => size(b) - size(a) || a.index - b.index);
  if (selection === "top") return (count) => strongest.slice(0, count);
  if (selection === "ratio") return (count) => positiveFirst(strongest, mean, count, positiveShare);
  if (selection === "greedy") {
    const order = fromTheLogits(graph, strongest);
    return (count) => order.slice(0, count);
  }
  if (byPair.length < 2) {
    const rule = '"bootstrap" needs several pairs of prompts that are scored one by one; give more, or choose another.'; // biome-ignore format: one line
    throw new InvalidArgumentError("selection", selection, rule);
  }
  const sure = sureOfTheirSign(byPair, uniformNumbers(seed));
  const order = [...strongest.filter(({ index }) => sure[index]), ...strongest.filter(({ index }) => !sure[index])]; // biome-ignore format: one list
  return (count) => order.slice(0, count);
}

/** A share of the circuit is for edges that speak for the answer, the rest for the strongest of all others. */
function positiveFirst(
  strongest: readonly Edge[],
  scores: Float64Array,
  count: number,
  share: number,
): Edge[] {
  const positive = strongest.filter(({ index }) => scores[index] > 0);
  const first = positive.slice(0, Math.round(share * count));
  const taken = new Set(first);
  return [...first, ...strongest.filter((edge) => !taken.has(edge)).slice(0, count - first.length)];
}

/** Always the strongest edge to what is in the circuit already, beginning with the logits. */
function fromTheLogits(graph: ComponentGraph, strongest: readonly Edge[]): Edge[] {
  const { sources, destinations } = graph;
  const rank = new Map(strongest.map((edge, at) => [edge, at]));
  const waiting = destinations.map((): Edge[] => []);
  for (const edge of [...strongest].reverse()) waiting[edge.destination].push(edge); // the strongest last
  const readsOf = sources.map((): number[] => []);
  destinations.forEach((one, destination) => {
    for (const owner of ownersOf(graph, one)) if (owner >= 0) readsOf[owner].push(destination);
  });
  const open = new Set([destinations.length - 1]); // the logits
  const order: Edge[] = [];
  for (;;) {
    let best: Edge | undefined;
    for (const destination of open) {
      const next = waiting[destination].at(-1);
      if (!next) open.delete(destination);
      else if (!best || rank.get(next)! < rank.get(best)!) best = next;
    }
    if (!best) return order;
    waiting[best.destination].pop();
    order.push(best);
    for (const destination of readsOf[best.source]) open.add(destination);
  }
}

/** Whether the mean over pairs drawn again has one sign in 95 of 100 draws. */
function sureOfTheirSign(byPair: readonly Float64Array[], random: () => number): Uint8Array {
  const draws = 200;
  const positive = new Uint16Array(byPair[0].length);
  const sum = new Float64Array(positive.length);
  for (let draw = 0; draw < draws; draw++) {
    sum.fill(0);
    for (let pair = 0; pair < byPair.length; pair++) {
      const drawn = byPair[Math.floor(random() * byPair.length)];
      for (let index = 0; index < sum.length; index++) sum[index] += drawn[index];
    }
    for (let index = 0; index < sum.length; index++) if (sum[index] > 0) positive[index]++;
  }
  const least = 0.025 * draws;
  return Uint8Array.from(positive, (count) => (count <= least || count >= draws - least ? 1 : 0));
}
