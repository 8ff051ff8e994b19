/** The kept part of a graph as tables. */
import { createTable } from "@mlxterp/results";
import { type DictionaryModel, piecesOf } from "../shared/model.js";
import type { Adjacency } from "./edges.js";
import type { EdgeLoadings } from "./head-loadings.js";
import { bordersOf, type GraphInfluence, type Pruned } from "./influence.js";
import type { GraphEdge, GraphNode, GraphResult } from "./result.js";

const nodeColumns = [
  ...["id", "kind", "layer", "position", "number", "token", "activation", "probability"],
  ...["influence", "cumulative"],
] as (keyof GraphNode & string)[];

/** @param ids of the prompt */
export function graphTables(
  model: DictionaryModel,
  ids: readonly number[],
  graph: Adjacency,
  found: GraphInfluence,
  kept: Pruned,
  loadings: readonly EdgeLoadings[],
): Pick<GraphResult["tables"], "nodes" | "edges" | "routes" | "heads"> {
  const all = allNodes(model, ids, graph, found);
  const { nodes, edges, targets } = graph;
  const { logits } = bordersOf(graph);
  const rows: GraphEdge[] = [];
  for (const [row, target] of targets.entries()) {
    for (let source = 0; source < logits; source++) {
      const weight = edges[row * nodes + source];
      // where edges of nothing are as strong as the limit, they stay as in the published graphs; a picture needs none of them
      if (weight === 0 || !kept.keeps(target, source)) continue;
      rows.push({ source: all[source].id, target: all[target].id, weight });
    }
  }
  return {
    nodes: createTable(
      nodeColumns,
      all.filter((_, node) => kept.nodes[node]),
    ),
    edges: createTable(["source", "target", "weight"], rows),
    ...loadingTables(loadings, all),
  };
}

/** Heads that are nothing to an edge are left out. */
function loadingTables(
  loadings: readonly EdgeLoadings[],
  nodes: readonly GraphNode[],
): Pick<GraphResult["tables"], "routes" | "heads"> {
  const ends = ({ source, target }: EdgeLoadings) => ({
    source: nodes[source].id,
    target: nodes[target].id,
  });
  const routes = loadings.map((edge) => {
    const { weight, several } = edge;
    return { ...ends(edge), weight, several };
  });
  const heads = loadings.flatMap((edge) => {
    const own = edge.heads.filter(({ alone, without }) => alone !== 0 || without !== 0);
    return own.map((head) => ({ ...ends(edge), ...head }));
  });
  return {
    routes: createTable(["source", "target", "weight", "several"], routes),
    heads: createTable(["source", "target", "layer", "head", "alone", "without"], heads),
  };
}

function allNodes(
  model: DictionaryModel,
  ids: readonly number[],
  graph: Adjacency,
  { influence, cumulative }: GraphInfluence,
): GraphNode[] {
  const pieces = piecesOf(model, ids);
  const last = ids.length - 1;
  const { features, layers, positions, logits } = graph;
  const borders = bordersOf(graph);
  const shares = (node: number) => ({ influence: influence[node], cumulative: cumulative[node] });
  const nothing = { activation: null, probability: null };
  const nodes: GraphNode[] = features.map(({ layer, position, feature, activation }, at) => ({
    ...{ id: `${layer}_${feature}_${position}`, kind: "feature", layer, position, number: feature },
    ...{ token: pieces[position], activation, probability: null, ...shares(at) },
  }));
  for (let layer = 0; layer < layers; layer++) {
    for (let position = 0; position < positions; position++) {
      const at = borders.errors + layer * positions + position;
      nodes.push({
        ...{ id: `error_${layer}_${position}`, kind: "error", layer, position, number: null },
        ...{ token: pieces[position], ...nothing, ...shares(at) },
      });
    }
  }
  ids.forEach((id, position) => {
    nodes.push({
      ...{ id: `E_${id}_${position}`, kind: "token", layer: null, position, number: id },
      ...{ token: pieces[position], ...nothing, ...shares(borders.tokens + position) },
    });
  });
  const words = piecesOf(
    model,
    logits.map(({ id }) => id),
  );
  logits.forEach(({ id, probability }, at) => {
    nodes.push({
      ...{
        id: `${layers + 1}_${id}_${last}`,
        kind: "logit",
        layer: null,
        position: last,
        number: id,
      },
      ...{ token: words[at], activation: null, probability, influence: null, cumulative: null },
    });
  });
  return nodes;
}
