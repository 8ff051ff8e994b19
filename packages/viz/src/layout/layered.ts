/** Where the nodes of a graph stand: in the columns of their ranks, near what they are tied to. */
import type { GraphBlock } from "@mlxterp/results";

export type GraphNode = GraphBlock["nodes"][number];
export type GraphEdge = GraphBlock["edges"][number];

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Distances between the middles of columns and rows. */
export interface Spacing {
  readonly column: number;
  readonly row: number;
}

const sweeps = 6;

/**
 * The ranks are given, so what remains of a layered layout is the order within them: each node goes to the mean of its
 * neighbours' places, back and forth, which is nearly as good as the best order and linear in the edges.
 */
export function layeredPlaces(
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
  { column, row }: Spacing,
): Map<string, Place> {
  const ranks = ranksOf(nodes);
  const tied = neighbours(edges);
  const heights = new Map<string, number>();
  for (const ids of ranks) stack(ids, heights);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const ids of sweep % 2 ? ranks.toReversed() : ranks) settle(ids, heights, tied);
  }
  const lowest = Math.min(0, ...heights.values());
  return new Map(
    ranks.flatMap((ids, at) =>
      ids.map((id): [string, Place] => [
        id,
        { x: at * column, y: ((heights.get(id) ?? 0) - lowest) * row },
      ]),
    ),
  );
}

/** Columns without gaps, whatever the numbers of the ranks. */
function ranksOf(nodes: readonly GraphNode[]): string[][] {
  const byRank = new Map<number, string[]>();
  for (const { id, rank } of nodes) byRank.set(rank, [...(byRank.get(rank) ?? []), id]);
  return [...byRank].sort(([a], [b]) => a - b).map(([, ids]) => ids);
}

/** Both ends know each other; a heavy edge pulls more. */
function neighbours(edges: readonly GraphEdge[]): Map<string, { id: string; pull: number }[]> {
  const tied = new Map<string, { id: string; pull: number }[]>();
  const add = (id: string, other: string, pull: number) => {
    const list = tied.get(id);
    if (list) list.push({ id: other, pull });
    else tied.set(id, [{ id: other, pull }]);
  };
  for (const { from, to, weight } of edges) {
    const pull = Math.abs(weight) || 1e-9;
    add(from, to, pull);
    add(to, from, pull);
  }
  return tied;
}

/** One below the other, about the middle. */
function stack(ids: readonly string[], heights: Map<string, number>): void {
  for (const [index, id] of ids.entries()) heights.set(id, index - (ids.length - 1) / 2);
}

function settle(
  ids: string[],
  heights: Map<string, number>,
  tied: ReadonlyMap<string, readonly { id: string; pull: number }[]>,
): void {
  const wanted = new Map(
    ids.map((id) => {
      const around = tied.get(id) ?? [];
      const pull = around.reduce((sum, one) => sum + one.pull, 0);
      const mean = around.reduce((sum, one) => sum + one.pull * (heights.get(one.id) ?? 0), 0) / pull; // biome-ignore format: one number
      return [id, pull > 0 ? mean : (heights.get(id) ?? 0)] as const;
    }),
  );
  ids.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
  stack(ids, heights);
}
