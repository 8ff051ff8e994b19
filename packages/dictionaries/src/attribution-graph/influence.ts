/**
 * How much nodes matter to the targets, through all paths; which of them, and of their edges, are enough; and how much of what is said
 * the graph explains. Source: Ameisen et al. 2025, "Circuit Tracing", appendix "Graph pruning" and "Graph scores".
 */
import type { Adjacency } from "./adjacency.js";

const smallest = 1e-10;

/** The sums of absolute edges of each target, by which they are made shares. */
function divisorsOf(edges: ArrayLike<number>, nodes: number): Float64Array {
  const sums = new Float64Array(nodes);
  for (let target = 0; target < nodes; target++) {
    let sum = 0;
    for (let at = target * nodes; at < (target + 1) * nodes; at++) sum += Math.abs(edges[at]);
    sums[target] = Math.max(sum, smallest);
  }
  return sums;
}

/** w N + w N² + …: each target's weight is shared out once all that it reaches is, as nodes stand in the order of layers. */
function influenceOf(
  edges: ArrayLike<number>,
  divisors: Float64Array,
  weights: Float64Array,
): Float64Array {
  const nodes = weights.length;
  const influence = new Float64Array(nodes);
  for (let target = nodes - 1; target >= 0; target--) {
    const weight = (influence[target] + weights[target]) / divisors[target];
    if (weight === 0) continue;
    const row = target * nodes;
    for (let source = 0; source < nodes; source++) {
      influence[source] += weight * Math.abs(edges[row + source]);
    }
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
  const divisors = divisorsOf(edges, nodes);
  const weights = targetWeights(graph);
  const influence = influenceOf(edges, divisors, weights);
  const { errors, tokens, logits } = bordersOf(graph);
  const sum = (from: number, to: number) =>
    influence.subarray(from, to).reduce((all, value) => all + value, 0);
  const [ofTokens, ofErrors] = [sum(tokens, logits), sum(errors, tokens)];
  let [told, all] = [0, 0];
  for (let target = 0; target < nodes; target++) {
    const weight = influence[target] + weights[target];
    let wrong = 0;
    for (let source = errors; source < tokens; source++) {
      wrong += Math.abs(edges[target * nodes + source]);
    }
    told += (1 - wrong / divisors[target]) * weight;
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
  const sorted = scores
    .filter((score) => score > 0)
    .sort()
    .reverse();
  const all = sorted.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  for (const score of sorted) {
    sum += score;
    if (sum / all >= share) return score;
  }
  return sorted.length < scores.length ? 0 : (sorted.at(-1) ?? 0);
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
  const { nodes } = graph;
  const { tokens } = bordersOf(graph);
  const least = thresholdFor(influence, nodeShare);
  const keep = Uint8Array.from(influence, (value, node) =>
    value >= least || node >= tokens ? 1 : 0,
  );
  const own = [...keep.keys()].filter((node) => keep[node]);
  const scores = edgeScores(graph, own);
  const lowest = thresholdFor(scores, edgeShare);
  const kept = new Uint8Array(nodes * nodes);
  for (const [row, target] of own.entries()) {
    for (const [column, source] of own.entries()) {
      if (scores[row * own.length + column] >= lowest) kept[target * nodes + source] = 1;
    }
  }
  dropUnconnected(graph, keep, kept);
  return { nodes: keep, edges: kept };
}

/** How much of what reaches the targets each edge between some nodes carries, (nodes, nodes). */
function edgeScores(graph: Adjacency, own: readonly number[]): Float64Array {
  const { nodes, edges } = graph;
  const inner = new Float64Array(own.length ** 2);
  for (const [row, target] of own.entries()) {
    for (const [column, source] of own.entries()) {
      inner[row * own.length + column] = edges[target * nodes + source];
    }
  }
  const divisors = divisorsOf(inner, own.length);
  const all = targetWeights(graph);
  const weights = Float64Array.from(own, (node) => all[node]);
  const reached = influenceOf(inner, divisors, weights);
  const scores = inner;
  for (let at = 0; at < scores.length; at++) {
    const target = Math.floor(at / own.length);
    scores[at] = (Math.abs(inner[at]) / divisors[target]) * (reached[target] + weights[target]);
  }
  return scores;
}

/** Features that nothing reaches or that reach nothing go, and errors that reach nothing, until all that is left is connected. */
function dropUnconnected(graph: Adjacency, keep: Uint8Array, kept: Uint8Array): void {
  const { nodes } = graph;
  const { errors, tokens } = bordersOf(graph);
  let own = [...keep.keys()].filter((node) => keep[node]);
  for (let changed = true; changed; own = own.filter((node) => keep[node])) {
    const lone = own.filter((node) => {
      if (node >= tokens) return false;
      const out = own.some((target) => kept[target * nodes + node]);
      return !out || (node < errors && !own.some((source) => kept[node * nodes + source]));
    });
    changed = lone.length > 0;
    for (const node of lone) {
      keep[node] = 0;
      for (const other of own) kept[node * nodes + other] = kept[other * nodes + node] = 0;
    }
  }
}
