/** A graph with nodes joined, and without its weakest edges. */
import type { GraphBlock } from "@mlxterp/results";

export type GraphParts = Pick<GraphBlock, "nodes" | "edges">;

export type Groups = readonly { readonly id: string; readonly members: readonly string[] }[];

/** Members of a group become one node; edges that then have the same ends add up. */
export function joined({ nodes, edges }: GraphParts, groups: Groups): GraphParts {
  let parts: GraphParts = { nodes, edges };
  for (const { id, members } of groups) {
    const inside = new Set(members);
    const own = parts.nodes.filter((node) => inside.has(node.id));
    if (own.length < 2) continue;
    const ranks = own.map(({ rank }) => rank).sort((a, b) => a - b);
    const label = `${own[0].label} +${own.length - 1}`;
    const rank = ranks[Math.floor((ranks.length - 1) / 2)];
    const place = (end: string) => (inside.has(end) ? id : end);
    parts = {
      nodes: [...parts.nodes.filter((node) => !inside.has(node.id)), { id, label, rank }],
      edges: summed(parts.edges.map(({ from, to, weight }) => ({ from: place(from), to: place(to), weight }))), // biome-ignore format: one list
    };
  }
  return parts;
}

function summed(edges: GraphParts["edges"]): GraphParts["edges"] {
  const sums = new Map<string, { from: string; to: string; weight: number }>();
  for (const { from, to, weight } of edges) {
    if (from === to) continue;
    const key = JSON.stringify([from, to]);
    const known = sums.get(key);
    if (known) known.weight += weight;
    else sums.set(key, { from, to, weight });
  }
  return [...sums.values()];
}

/** The strongest edges, and the nodes that they touch. */
export function pruned({ nodes, edges }: GraphParts, most: number): GraphParts {
  const known = new Set(nodes.map(({ id }) => id));
  const kept = edges
    .filter(({ from, to }) => known.has(from) && known.has(to))
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, most);
  const touched = new Set(kept.flatMap(({ from, to }) => [from, to]));
  return {
    nodes: edges.length === 0 ? nodes : nodes.filter(({ id }) => touched.has(id)),
    edges: kept,
  };
}
