/** A feature circuit as blocks: the picture, the nodes, and how much of the answer it keeps. */
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
import { type CircuitNode, type FeatureCircuitResult, featureCircuitShape } from "./result.js";

export const featureCircuitView = readsResult(
  featureCircuitShape,
  ({ fed, notes, tables }: FeatureCircuitResult): Block[] => {
    const { nodes, scores } = tables;
    const [{ answer, faithfulness, byChance, candidates }] = scores.rows;
    const count = `${nodes.rows.length} of ${candidates} nodes`;
    const chance = byChance === null ? "" : `; random ones of its size ${formatPercent(byChance)}`;
    return [
      ...fedBlocks(fed),
      ...noteBlocks(notes),
      text(
        faithfulness === null
          ? `${count}; all of them together change nothing of ${visibleToken(answer)}.`
          : `${count} keep ${formatPercent(faithfulness)} of what they all do for ${visibleToken(answer)}${chance}.`,
      ),
      picture(tables),
      {
        kind: "table",
        caption: "What each does for the answer, in nats",
        columns: [
          { title: "node" },
          { title: "activation", align: "right" },
          { title: "effect", align: "right" },
        ],
        rows: nodes.rows.map((node) => [
          labelOf(node),
          node.activation === null ? "" : formatNumber(node.activation),
          formatNumber(node.effect),
        ]),
      },
    ];
  },
);

function labelOf({ site, feature, position, token }: CircuitNode): string {
  const place = site.replace(/^layers\.(\d+)\.?/, "L$1 ").trim();
  return `${place} ${feature ?? "error"} at ${position} ${visibleToken(token)}`;
}

function picture({ nodes, edges, scores }: FeatureCircuitResult["tables"]): Block {
  const layers = nodes.rows.map(
    ({ site }) => Number(/\d+/.exec(site)?.[0] ?? 0) * 2 + (site.includes(".mlp") ? 0 : 1),
  );
  const [{ answer }] = scores.rows;
  const last = Math.max(...layers) + 1;
  return {
    kind: "graph",
    title: "Feature circuit",
    subtitle: "edges as wide as what they carry; those to the answer are effects",
    nodes: [
      ...nodes.rows.map((node, at) => ({ id: node.id, label: labelOf(node), rank: layers[at] })),
      { id: "answer", label: `says ${visibleToken(answer)}`, rank: last },
    ],
    edges: [
      ...edges.rows.map(({ source, target, weight }) => ({ from: source, to: target, weight })),
      ...nodes.rows.map(({ id, effect }) => ({ from: id, to: "answer", weight: effect })),
    ],
  };
}
