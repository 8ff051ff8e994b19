/** A graph in the JSON that the published viewer of circuit tracing reads. */
import {
  checkList,
  checkOptions,
  checkRecord,
  checkText,
  InvalidArgumentError,
} from "@mlxterp/mlx";
import { didYouMean, type Json, readsResult } from "@mlxterp/results";
import { type GraphNode, type GraphResult, graphShape } from "./result.js";

export interface ViewerOptions {
  /** The name of the graph's file, without spaces; default `graph`. */
  readonly slug?: string;
  /** What the viewer calls the set of transcoders; default the path it was loaded from. */
  readonly scan?: string;
  /** Nodes that are drawn as one, by the name of the group: ids of the graph's nodes. */
  readonly supernodes?: Readonly<Record<string, readonly string[]>>;
}

/** What the viewer reads, as data. */
export interface ViewerGraph {
  readonly metadata: Readonly<Record<string, Json>>;
  readonly qParams: Readonly<Record<string, Json>>;
  readonly nodes: readonly Readonly<Record<string, Json>>[];
  readonly links: readonly {
    readonly source: string;
    readonly target: string;
    readonly weight: number;
  }[];
}

const types = {
  feature: "cross layer transcoder",
  error: "mlp reconstruction error",
  token: "embedding",
  logit: "logit",
} as const;

/**
 * The graph as the viewer's JSON: put it beside others and a `graph-metadata.json` of all their `metadata`.
 *
 * @example
 * const [graph] = await attributionGraph(model, "the capital of France is");
 * const { metadata } = viewerGraph(graph, { slug: "france" });
 * metadata.slug; // "france"
 */
export const viewerGraph = readsResult(
  graphShape,
  (result: GraphResult, options: ViewerOptions = {}): ViewerGraph => {
    checkOptions<ViewerOptions>("viewerGraph", options, {
      ...{ slug: checkText, scan: checkText, supernodes: checkRecord },
    });
    const { slug = "graph", scan = String(result.asked.transcoders), supernodes = {} } = options;
    const { nodes, edges } = result.tables;
    const [fed] = result.fed;
    const ids = new Map(nodes.rows.map((node) => [node.id, viewerId(node)]));
    const linked = new Set(edges.rows.flatMap(({ source, target }) => [source, target]));
    const always = (node: GraphNode) => node.kind === "token" || node.kind === "logit";
    const firstLogit = nodes.rows.find(({ kind }) => kind === "logit");
    const shown = nodes.rows.filter((node) => always(node) || linked.has(node.id));
    return {
      metadata: {
        ...{ slug, scan, transcoder_list: [], prompt_tokens: [...fed.pieces] },
        prompt: fed.pieces.join(" "),
        ...{ node_threshold: result.asked.nodeShare, schema_version: 1 },
      },
      qParams: {
        ...groupsOf(supernodes, ids),
        ...{ linkType: "both", clickedId: "", sg_pos: "" },
      },
      nodes: shown.map((node) => viewerNode(node, node === firstLogit)),
      links: edges.rows.map(({ source, target, weight }) => ({
        ...{ source: ids.get(source) as string, target: ids.get(target) as string, weight },
      })),
    };
  },
);

/**
 * Groups as the viewer has them, whose nodes are pinned so that they are drawn.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a node that the graph does not have
 */
function groupsOf(
  supernodes: NonNullable<ViewerOptions["supernodes"]>,
  ids: ReadonlyMap<string, string>,
): { readonly pinnedIds: string[]; readonly supernodes: string[][] } {
  const groups = Object.entries(supernodes).map(([name, members]) => {
    checkList(`supernodes.${name}`, members);
    return [name, ...members.map((id) => known(id, ids))];
  });
  return { pinnedIds: [...new Set(groups.flatMap((group) => group.slice(1)))], supernodes: groups };
}

function known(id: string, ids: ReadonlyMap<string, string>): string {
  const found = ids.get(id);
  if (found !== undefined) return found;
  const near = didYouMean(String(id), [...ids.keys()]);
  throw new InvalidArgumentError("supernodes", id, `the graph has no such node. ${near}`.trimEnd());
}

/** The viewer's names of errors can be those of features of layer 0. */
function viewerId({ id, kind, layer, position }: GraphNode): string {
  return kind === "error" ? `0_${layer}_${position}` : id;
}

function viewerNode(node: GraphNode, isTarget: boolean): Record<string, Json> {
  const { kind, layer, position, number, probability, activation, cumulative, token } = node;
  const [, place] = viewerId(node).split("_");
  const scriptId: Readonly<Record<GraphNode["kind"], string>> = {
    ...{ feature: `${layer}_${number}-0`, error: `${layer}_${position}-0` },
    ...{ token: `E_${number}-${position}`, logit: `L_${number}-${position}` },
  };
  return {
    node_id: viewerId(node),
    feature:
      kind === "feature"
        ? paired(layer as number, number as number)
        : kind === "error"
          ? -1
          : kind === "token"
            ? position
            : Number(place),
    layer: kind === "token" ? "E" : kind === "logit" ? node.id.split("_")[0] : String(layer),
    ctx_idx: position,
    feature_type: types[kind],
    token_prob: probability ?? 0,
    is_target_logit: isTarget,
    ...{ run_idx: 0, reverse_ctx_idx: 0, jsNodeId: scriptId[kind] },
    clerp: probability === null ? "" : `Output "${token}" (p=${probability.toFixed(3)})`,
    ...{ influence: cumulative, activation },
  };
}

/** Cantor's number of a pair, by which the viewer finds pages of features. */
function paired(layer: number, feature: number): number {
  return ((layer + feature) * (layer + feature + 1)) / 2 + feature;
}
