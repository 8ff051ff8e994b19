/**
 * Which heads carried an edge from one position to another.
 *
 * With patterns held, all that moves a target is a sum over paths. Each goes through no head, through one, or through several in turn. So an
 * edge is the sum of what goes through none, of what goes through each head alone, and of the rest. Beside it stands how much is lost
 * without a head: every path through it, alone or with others, so that these overlap.
 *
 * Source of the idea: Kamath, Ameisen et al. 2025, "Tracing Attention Computation Through Feature Interactions" (head loadings), where
 * features between attention layers leave paths with one head only.
 */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import { logitDirections, targetsAtOnce } from "./adjacency.js";
import { type Adjacency, edgeBetween } from "./edges.js";
import { bordersOf } from "./influence.js";
import type { Replacement } from "./replacement.js";
import { sourcesOf } from "./sources.js";

/** An edge by its nodes' numbers. */
export interface EdgePlace {
  readonly source: number;
  readonly target: number;
}

/** What a head is to an edge. */
export interface HeadLoading {
  readonly layer: number;
  readonly head: number;
  /** Through this head and no other. */
  readonly alone: number;
  /** What is lost without it. */
  readonly without: number;
}

export interface EdgeLoadings extends EdgePlace {
  readonly weight: number;
  /** Through no head. */
  readonly direct: number;
  /** Through two heads or more in turn. */
  readonly several: number;
  readonly heads: readonly HeadLoading[];
}

/** The strongest kept edges between two positions: what stays at one needs no heads. */
export function strongestBetween(
  graph: Adjacency,
  keeps: (target: number, source: number) => boolean,
  count: number,
): EdgePlace[] {
  const { nodes, edges, targets } = graph;
  const places = Array.from({ length: nodes }, (_, node) => positionOf(graph, node));
  const found: EdgePlace[] = [];
  edges.forEach((weight, at) => {
    const [target, source] = [targets[Math.floor(at / nodes)], at % nodes];
    if (weight !== 0 && places[target] !== places[source] && keeps(target, source))
      found.push({ source, target });
  });
  const size = ({ source, target }: EdgePlace) => Math.abs(edgeBetween(graph, target, source));
  return found.sort((a, b) => size(b) - size(a)).slice(0, count);
}

function positionOf(graph: Adjacency, node: number): number {
  const { features, positions } = graph;
  const borders = bordersOf(graph);
  if (node < borders.errors) return features[node].position;
  return node < borders.logits ? (node - borders.errors) % positions : positions - 1;
}

/** @throws the signal's reason */
export async function headLoadings(
  transcoders: Transcoders,
  replacement: Replacement,
  graph: Adjacency,
  wanted: readonly EdgePlace[],
  { batchSize, signal }: { readonly batchSize: number; readonly signal?: AbortSignal },
): Promise<EdgeLoadings[]> {
  const sources = sourcesOf(transcoders, replacement);
  const heads = replacement.heads.flatMap(({ layer, count }) =>
    Array.from({ length: count }, (_, head) => ({ layer, head })),
  );
  const columnOf = columnsIn(replacement, graph);
  const found: EdgeLoadings[] = [];
  for (const target of new Set(wanted.map((edge) => edge.target))) {
    signal?.throwIfAborted();
    const { place, direction, position } = targetOf(transcoders, replacement, graph, target);
    const masks = masksOf(heads.length);
    const rows: Float32Array[] = [];
    const size = targetsAtOnce(batchSize, position + 1, replacement);
    for (let from = 0; from < masks.length; from += size) {
      const some = masks.slice(from, from + size);
      const directions = mx.broadcastTo(direction, [some.length, direction.shape[1]]);
      const positions = some.map(() => position);
      const live = liveOf(some, replacement);
      const effects = replacement.effectsThrough(place, directions, positions, live);
      rows.push(...(await sources.edges(effects)));
    }
    for (const edge of wanted) {
      if (edge.target !== target) continue;
      const column = columnOf(edge.source);
      found.push({ ...edge, ...split(rows, column, heads) });
    }
  }
  return found;
}

/** No head, all heads, each alone, all but each. */
function masksOf(count: number): Float32Array[] {
  const each = Array.from({ length: count }, (_, at) => at);
  const only = (at: number, own: number, others: number) =>
    new Float32Array(count).fill(others).fill(own, at, at + 1);
  return [
    new Float32Array(count),
    new Float32Array(count).fill(1),
    ...each.map((at) => only(at, 1, 0)),
    ...each.map((at) => only(at, 0, 1)),
  ];
}

/** Rows of masks over all heads, as one array for each layer. */
function liveOf(masks: readonly Float32Array[], { heads }: Replacement): MxArray[] {
  let from = 0;
  return heads.map(({ count }) => {
    const rows = masks.map((mask) => [...mask.subarray(from, from + count)]);
    from += count;
    return mx.array(rows);
  });
}

function split(
  rows: readonly Float32Array[],
  column: number,
  heads: readonly { readonly layer: number; readonly head: number }[],
): Omit<EdgeLoadings, "source" | "target"> {
  const [direct, weight] = [rows[0][column], rows[1][column]];
  const each = heads.map((head, at) => ({
    ...head,
    alone: rows[2 + at][column] - direct,
    without: weight - rows[2 + heads.length + at][column],
  }));
  const alone = each.reduce((sum, one) => sum + one.alone, 0);
  return { weight, direct, several: weight - direct - alone, heads: each };
}

/** From nodes of the graph to sources. */
function columnsIn({ active }: Replacement, graph: Adjacency): (node: number) => number {
  const numbers = new Map(active.map((feature, number) => [feature, number]));
  const { errors } = bordersOf(graph);
  return (node) =>
    node < errors ? (numbers.get(graph.features[node]) as number) : active.length + node - errors;
}

/** What a node of the graph reads: where, and in which direction, (1, width). */
function targetOf(
  transcoders: Transcoders,
  replacement: Replacement,
  graph: Adjacency,
  node: number,
) {
  const borders = bordersOf(graph);
  if (node >= borders.logits) {
    const direction = logitDirections(replacement.logits.size, [
      graph.logits[node - borders.logits],
    ]);
    return { place: "logits", direction, position: replacement.ids.length - 1 } as const;
  }
  const { layer, feature, position } = graph.features[node];
  const direction = mx.take(transcoders.encoderRows(layer), mx.array([feature], mx.int32), 0);
  return { place: layer, direction, position };
}
