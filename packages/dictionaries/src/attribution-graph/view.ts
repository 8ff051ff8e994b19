/** An attribution graph as blocks: the picture, and the strongest nodes. */
import {
  type Block,
  fedBlocks,
  formatNumber,
  formatPercent,
  noteBlocks,
  readsResult,
  text,
  visibleToken,
} from "@mlxterp/results";
import { type GraphEdge, type GraphNode, type GraphResult, graphShape } from "./result.js";

/** More than this nobody can look at; the viewer's JSON has them all. */
const shown = { nodes: 30, edges: 60, rows: 15, heads: 2 };

export const graphView = readsResult(graphShape, (result: GraphResult): Block[] => {
  const { nodes, edges, scores } = result.tables;
  const [{ replacement, completeness, active, kept }] = scores.rows;
  const labels = new Map(nodes.rows.map((node) => [node.id, labelOf(node)]));
  const name = (id: string) => labels.get(id) ?? id;
  const strongest = [...edges.rows].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return [
    ...fedBlocks(result.fed),
    ...noteBlocks(result.notes),
    text(
      `${kept} of ${active} features kept. Replacement ${formatPercent(replacement)}, completeness ${formatPercent(completeness)}.`,
    ),
    picture(nodes.rows, strongest),
    {
      kind: "table",
      caption: "Nodes with most influence",
      columns: [
        { title: "node" },
        { title: "influence", align: "right" },
        { title: "activation", align: "right" },
      ],
      rows: byInfluence(nodes.rows)
        .slice(0, shown.rows)
        .map((node) => [
          labelOf(node),
          formatNumber(node.influence ?? 0),
          node.activation === null ? "" : formatNumber(node.activation),
        ]),
    },
    {
      kind: "table",
      caption: "Strongest edges",
      columns: [{ title: "from" }, { title: "to" }, { title: "weight", align: "right" }],
      rows: strongest
        .slice(0, shown.rows)
        .map(({ source, target, weight }) => [name(source), name(target), formatNumber(weight)]),
    },
    ...headBlocks(result, name),
  ];
});

/** Which heads carried edges, where that was asked for. */
function headBlocks({ tables }: GraphResult, name: (id: string) => string): Block[] {
  const { routes, heads } = tables;
  if (routes.rows.length === 0) return [];
  const carriers = (source: string, target: string) =>
    heads.rows
      .filter((row) => row.source === source && row.target === target)
      .sort((a, b) => Math.abs(b.alone) - Math.abs(a.alone))
      .slice(0, shown.heads)
      .map(({ layer, head, alone }) => `L${layer}H${head} ${formatNumber(alone)}`)
      .join(", ");
  return [
    {
      kind: "table",
      caption: "Heads that carried edges",
      columns: [
        ...[{ title: "from" }, { title: "to" }, { title: "weight", align: "right" } as const],
        { title: "through one head" },
        { title: "through several", align: "right" },
      ],
      rows: routes.rows.map(({ source, target, weight, several }) => [
        ...[name(source), name(target), formatNumber(weight), carriers(source, target)],
        formatNumber(several),
      ]),
    },
  ];
}

function byInfluence(nodes: readonly GraphNode[]): GraphNode[] {
  return nodes
    .filter(({ influence }) => influence !== null)
    .sort((a, b) => (b.influence ?? 0) - (a.influence ?? 0));
}

function labelOf({ kind, layer, position, number, token, probability }: GraphNode): string {
  const at = `${position} ${visibleToken(token)}`;
  if (kind === "feature") return `L${layer} feature ${number} at ${at}`;
  if (kind === "error") return `L${layer} error at ${at}`;
  return kind === "token"
    ? `token ${at}`
    : `says ${visibleToken(token)} (${formatPercent(probability ?? 0)})`;
}

/** The most influential nodes and all targets, from the tokens on the left to what is said on the right. */
function picture(nodes: readonly GraphNode[], strongest: readonly GraphEdge[]): Block {
  const logits = nodes.filter(({ kind }) => kind === "logit");
  const chosen = [...byInfluence(nodes).slice(0, shown.nodes), ...logits];
  const ids = new Set(chosen.map(({ id }) => id));
  const last = Math.max(...nodes.map(({ layer }) => layer ?? 0)) + 2;
  const rankOf = ({ kind, layer }: GraphNode) =>
    kind === "token" ? 0 : kind === "logit" ? last : (layer as number) + 1;
  return {
    kind: "graph",
    title: "Attribution graph",
    subtitle: "edges as wide as what they carry; from tokens to what is said",
    nodes: chosen.map((node) => ({ id: node.id, label: labelOf(node), rank: rankOf(node) })),
    edges: strongest
      .filter(({ source, target }) => ids.has(source) && ids.has(target))
      .slice(0, shown.edges)
      .map(({ source, target, weight }) => ({ from: source, to: target, weight })),
  };
}
