/**
 * How much nodes matter to the targets, through all paths; which of them, and of their edges, are enough; and how much of what is said
 * the graph explains. Source: Ameisen et al. 2025, "Circuit Tracing", appendix "Graph pruning" and "Graph scores".
 */
import type { Adjacency } from "./adjacency.js";

const smallest = 1e-10;

/** The absolute edges of each target as shares of their sum. */
function normalized(edges: ArrayLike<number>, nodes: number): Float64Array {
  const shares = new Float64Array(nodes * nodes);
  for (let target = 0; target < nodes; target++) {
    let sum = 0;
    for (let source = 0; source < nodes; source++) sum += Math.abs(edges[target * nodes + source]);
    const divisor = Math.max(sum, smallest);
    for (let source = 0; source < nodes; source++) {
      shares[target * nodes + source] = Math.abs(edges[target * nodes + source]) / divisor;
    }
  }
  return shares;
}

/** w N + w N² + …, which ends since nothing goes back. */
function influenceOf(shares: Float64Array, weights: Float64Array): Float64Array {
  const nodes = weights.length;
  const influence = new Float64Array(nodes);
  let wave = weights;
  for (let step = 0; step <= nodes && wave.some((value) => value !== 0); step++) {
    const next = new Float64Array(nodes);
    for (let target = 0; target < nodes; target++) {
      const weight = wave[target];
      if (weight === 0) continue;
      for (let source = 0; source < nodes; source++)
        next[source] += weight * shares[target * nodes + source];
    }
    for (let node = 0; node < nodes; node++) influence[node] += next[node];
    wave = next;
  }
  return influence;
}

/**
 * The influence of all that writes, through features whose edges are known so far.
 *
 * @param rows edges of known features, by number
 */
export function partialInfluence(
  rows: ReadonlyMap<number, Float32Array>,
  logitRows: readonly Float32Array[],
  weights: readonly number[],
  width: number,
): Float64Array {
  const influence = new Float64Array(width);
  const add = (row: Float32Array, weight: number, to: Float64Array) => {
    const sum = Math.max(
      row.reduce((all, value) => all + Math.abs(value), 0),
      smallest,
    );
    for (let source = 0; source < width; source++)
      to[source] += (weight * Math.abs(row[source])) / sum;
  };
  let wave = new Float64Array(width);
  logitRows.forEach((row, at) => {
    add(row, weights[at], wave);
  });
  for (let step = 0; step <= rows.size && wave.some((value) => value > 0); step++) {
    const next = new Float64Array(width);
    for (let source = 0; source < width; source++) influence[source] += wave[source];
    for (const [number, row] of rows) if (wave[number] > 0) add(row, wave[number], next);
    wave = next;
  }
  return influence;
}

/** What is told of a graph. */
export interface GraphInfluence {
  readonly influence: Float64Array;
  /** The share of all influence that a node and all stronger ones have: small is important. */
  readonly cumulative: Float64Array;
  /** How much of what reaches the targets comes from tokens rather than errors. */
  readonly replacement: number;
  /** How much of what nodes are told comes from other nodes than errors, weighed by their influence. */
  readonly completeness: number;
}

/** Where the kinds of nodes begin. */
export function bordersOf({ features, layers, positions, nodes, logits }: Adjacency) {
  const errors = features.length;
  const tokens = errors + layers * positions;
  return { errors, tokens, logits: nodes - logits.length };
}

function targetWeights({ nodes, logits }: Adjacency): Float64Array {
  const weights = new Float64Array(nodes);
  logits.forEach(({ probability }, at) => {
    weights[nodes - logits.length + at] = probability;
  });
  return weights;
}

export function graphInfluence(graph: Adjacency): GraphInfluence {
  const { nodes, edges } = graph;
  const shares = normalized(edges, nodes);
  const weights = targetWeights(graph);
  const influence = influenceOf(shares, weights);
  const { errors, tokens, logits } = bordersOf(graph);
  const sum = (from: number, to: number) =>
    influence.subarray(from, to).reduce((all, value) => all + value, 0);
  const [ofTokens, ofErrors] = [sum(tokens, logits), sum(errors, tokens)];
  let [told, all] = [0, 0];
  for (let target = 0; target < nodes; target++) {
    const weight = influence[target] + weights[target];
    let wrong = 0;
    for (let source = errors; source < tokens; source++) wrong += shares[target * nodes + source];
    told += (1 - wrong) * weight;
    all += weight;
  }
  return {
    ...{ influence, cumulative: cumulativeShares(influence) },
    ...{ replacement: ofTokens / (ofTokens + ofErrors), completeness: told / all },
  };
}

function cumulativeShares(influence: Float64Array): Float64Array {
  const order = Array.from(influence.keys()).sort((a, b) => influence[b] - influence[a]);
  const all = influence.reduce((sum, value) => sum + value, 0);
  const shares = new Float64Array(influence.length);
  let sum = 0;
  for (const node of order) {
    sum += influence[node];
    shares[node] = all > 0 ? sum / all : 0;
  }
  return shares;
}

/** The smallest score that is kept, so that those kept have a share of all together. Equal ones all stay. */
function thresholdFor(scores: Float64Array, share: number): number {
  const sorted = Float64Array.from(scores).sort().reverse();
  const all = sorted.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  for (const score of sorted) {
    sum += score;
    if (sum / all >= share) return score;
  }
  return sorted.at(-1) ?? 0;
}

/** Which nodes and edges are kept. */
export interface Pruned {
  readonly nodes: Uint8Array;
  /** `edges[target * nodes + source]` */
  readonly edges: Uint8Array;
}

export function pruneGraph(
  graph: Adjacency,
  { influence }: GraphInfluence,
  { nodeShare, edgeShare }: { readonly nodeShare: number; readonly edgeShare: number },
): Pruned {
  const { nodes, edges } = graph;
  const { tokens } = bordersOf(graph);
  const least = thresholdFor(influence, nodeShare);
  const keep = Uint8Array.from(influence, (value, node) =>
    value >= least || node >= tokens ? 1 : 0,
  );
  const inner = new Float64Array(nodes * nodes);
  for (let at = 0; at < inner.length; at++) {
    if (keep[Math.floor(at / nodes)] && keep[at % nodes]) inner[at] = edges[at];
  }
  const scores = normalized(inner, nodes);
  const weights = targetWeights(graph);
  const reached = influenceOf(scores, weights);
  for (let at = 0; at < scores.length; at++) {
    const target = Math.floor(at / nodes);
    scores[at] *= reached[target] + weights[target];
  }
  const lowest = thresholdFor(scores, edgeShare);
  const kept = Uint8Array.from(scores, (score) => (score >= lowest ? 1 : 0));
  dropUnconnected(graph, keep, kept);
  return { nodes: keep, edges: kept };
}

/** Features that nothing reaches or that reach nothing go, and errors that reach nothing, until all that is left is connected. */
function dropUnconnected(graph: Adjacency, keep: Uint8Array, kept: Uint8Array): void {
  const { nodes } = graph;
  const { errors, tokens } = bordersOf(graph);
  for (let changed = true; changed; ) {
    changed = false;
    for (let node = 0; node < tokens; node++) {
      if (!keep[node]) continue;
      const out = some(nodes, (target) => kept[target * nodes + node]);
      const into = node >= errors || some(nodes, (source) => kept[node * nodes + source]);
      if (out && into) continue;
      keep[node] = 0;
      changed = true;
    }
    for (let at = 0; at < kept.length; at++) {
      if (!keep[Math.floor(at / nodes)] || !keep[at % nodes]) kept[at] = 0;
    }
  }
}

function some(count: number, test: (index: number) => number): boolean {
  for (let index = 0; index < count; index++) if (test(index)) return true;
  return false;
}
