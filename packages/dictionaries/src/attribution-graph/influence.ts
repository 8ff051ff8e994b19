/**
 * How much nodes matter to the targets, through all paths; which of them, and of their edges, are enough; and how much of what is said
 * the graph explains. Source: Ameisen et al. 2025, "Circuit Tracing", appendix "Graph pruning" and "Graph scores".
 */
import { type Adjacency, edgeBetween } from "./edges.js";

const smallest = 1e-10;

/** Edges of those nodes that have any, row by row: rows of errors and tokens, which are most of a long prompt's, are not there. */
interface Rows {
  readonly targets: readonly number[];
  readonly nodes: number;
  readonly edges: ArrayLike<number>;
}

/** The sums of absolute edges of each target, by which they are made shares. */
function divisorsOf({ targets, nodes, edges }: Rows): Float64Array {
  const sums = new Float64Array(nodes).fill(smallest);
  for (const [row, target] of targets.entries()) {
    let sum = 0;
    for (let at = row * nodes; at < (row + 1) * nodes; at++) sum += Math.abs(edges[at]);
    sums[target] = Math.max(sum, smallest);
  }
  return sums;
}

/** w N + w N² + …: each target's weight is shared out once all that it reaches is, as nodes stand in the order of layers. */
function influenceOf(
  { targets, nodes, edges }: Rows,
  divisors: Float64Array,
  weights: Float64Array,
): Float64Array {
  const influence = new Float64Array(nodes);
  for (let row = targets.length - 1; row >= 0; row--) {
    const target = targets[row];
    const weight = (influence[target] + weights[target]) / divisors[target];
    if (weight === 0) continue;
    for (let source = 0; source < nodes; source++) {
      influence[source] += weight * Math.abs(edges[row * nodes + source]);
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
  const { nodes, edges, targets } = graph;
  const divisors = divisorsOf(graph);
  const weights = targetWeights(graph);
  const influence = influenceOf(graph, divisors, weights);
  const { errors, tokens, logits } = bordersOf(graph);
  const sum = (from: number, to: number) =>
    influence.subarray(from, to).reduce((all, value) => all + value, 0);
  const [ofTokens, ofErrors] = [sum(tokens, logits), sum(errors, tokens)];
  let all = 0;
  for (let node = 0; node < nodes; node++) all += influence[node] + weights[node];
  let told = all;
  for (const [row, target] of targets.entries()) {
    let wrong = 0;
    for (let source = errors; source < tokens; source++) {
      wrong += Math.abs(edges[row * nodes + source]);
    }
    told -= (wrong / divisors[target]) * (influence[target] + weights[target]);
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

/**
 * The smallest score that is kept, so that those kept have a share of all together. Equal ones all stay.
 *
 * @param count how many scores there are, with those of nothing
 */
function thresholdFor(scores: Float64Array, share: number, count: number): number {
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
  return sorted.length < count ? 0 : (sorted.at(-1) ?? 0);
}

/** Which nodes and edges are kept. */
export interface Pruned {
  readonly nodes: Uint8Array;
  /** Whether an edge is kept, by nodes. */
  keeps(target: number, source: number): boolean;
}

export function pruneGraph(
  graph: Adjacency,
  { influence }: GraphInfluence,
  { nodeShare, edgeShare }: { readonly nodeShare: number; readonly edgeShare: number },
): Pruned {
  const { tokens } = bordersOf(graph);
  const least = thresholdFor(influence, nodeShare, influence.length);
  const keep = Uint8Array.from(influence, (value, node) =>
    value >= least || node >= tokens ? 1 : 0,
  );
  const own = [...keep.keys()].filter((node) => keep[node]);
  const { scores, rowOf } = edgeScores(graph, own);
  const lowest = thresholdFor(scores, edgeShare, own.length ** 2);
  const kept = new Uint8Array(scores.length);
  for (let at = 0; at < scores.length; at++) kept[at] = scores[at] >= lowest ? 1 : 0;
  const columnOf = placesOf(own, graph.nodes);
  const keeps = (target: number, source: number) => {
    if (!keep[target] || !keep[source]) return false;
    const row = rowOf[target];
    return row < 0 ? lowest <= 0 : kept[row * own.length + columnOf[source]] === 1;
  };
  dropUnconnected(graph, keep, keeps);
  return { nodes: keep, keeps };
}

/** How much of what reaches the targets each edge between some nodes carries, and where each target's row is. */
function edgeScores(
  graph: Adjacency,
  own: readonly number[],
): { readonly scores: Float64Array; readonly rowOf: Int32Array } {
  const { errors, logits } = bordersOf(graph);
  const width = own.length;
  const targets = [...own.keys()].filter((at) => own[at] < errors || own[at] >= logits);
  const scores = new Float64Array(targets.length * width);
  for (const [row, at] of targets.entries()) {
    for (const [column, source] of own.entries()) {
      scores[row * width + column] = edgeBetween(graph, own[at], source);
    }
  }
  const inner = { targets, nodes: width, edges: scores };
  const divisors = divisorsOf(inner);
  const all = targetWeights(graph);
  const weights = Float64Array.from(own, (node) => all[node]);
  const reached = influenceOf(inner, divisors, weights);
  for (let at = 0; at < scores.length; at++) {
    const target = targets[Math.floor(at / width)];
    scores[at] = (Math.abs(scores[at]) / divisors[target]) * (reached[target] + weights[target]);
  }
  const rows = targets.map((at) => own[at]);
  return { scores, rowOf: placesOf(rows, graph.nodes) };
}

/** Where each node stands in a list; −1 where it does not. */
function placesOf(list: readonly number[], nodes: number): Int32Array {
  const places = new Int32Array(nodes).fill(-1);
  list.forEach((node, at) => {
    places[node] = at;
  });
  return places;
}

/** Features that nothing reaches or that reach nothing go, and errors that reach nothing, until all that is left is connected. */
function dropUnconnected(
  graph: Adjacency,
  keep: Uint8Array,
  keeps: (target: number, source: number) => boolean,
): void {
  const { errors, tokens } = bordersOf(graph);
  let own = [...keep.keys()].filter((node) => keep[node]);
  for (let changed = true; changed; own = own.filter((node) => keep[node])) {
    const lone = own.filter((node) => {
      if (node >= tokens) return false;
      const out = own.some((target) => keeps(target, node));
      return !out || (node < errors && !own.some((source) => keeps(node, source)));
    });
    changed = lone.length > 0;
    for (const node of lone) keep[node] = 0; // its edges go with it
  }
}
