/** What an attribution graph is. */
import type { Result, ResultShape, Table } from "@mlxterp/results";

export type GraphNodeKind = "feature" | "error" | "token" | "logit";

/** A node that was kept. */
export type GraphNode = {
  /** By what the published viewer calls it. */
  readonly id: string;
  readonly kind: GraphNodeKind;
  /** null for tokens and logits. */
  readonly layer: number | null;
  readonly position: number;
  /** The number of the feature or the id of the token; null for errors. */
  readonly number: number | null;
  /** The token at its position; of a logit the token itself. */
  readonly token: string;
  /** null but for features. */
  readonly activation: number | null;
  /** null but for logits. */
  readonly probability: number | null;
  /** How much of what is said goes through it; null for logits. */
  readonly influence: number | null;
  /** The share of all influence that it and all stronger nodes have: small is important. */
  readonly cumulative: number | null;
};

/** An edge that was kept: how much the source moves the target, in the target's own unit. */
export type GraphEdge = {
  readonly source: string;
  readonly target: string;
  readonly weight: number;
};

/** How an edge between two positions came about: each head's `alone` and `several` add up to its weight. */
export type GraphRoute = {
  readonly source: string;
  readonly target: string;
  readonly weight: number;
  /** Through two heads or more in turn. */
  readonly several: number;
};

/** What a head is to an edge. */
export type GraphHead = {
  readonly source: string;
  readonly target: string;
  readonly layer: number;
  readonly head: number;
  /** Through this head and no other. */
  readonly alone: number;
  /** What is lost without it: every path through it, also with others, so that these overlap. */
  readonly without: number;
};

export type GraphScores = {
  /** How much of what reaches the targets comes from tokens rather than errors. */
  readonly replacement: number;
  /** How much of what nodes are told comes from other nodes than errors, weighed by their influence. */
  readonly completeness: number;
  /** Features that are on, of these nodes of the graph, and of these kept. */
  readonly active: number;
  readonly features: number;
  readonly kept: number;
};

export type GraphResult = Result<
  "graph",
  Record<never, never>,
  {
    readonly nodes: Table<GraphNode>;
    readonly edges: Table<GraphEdge>;
    readonly scores: Table<GraphScores>;
    /** Of as many edges as `loadings` asks for. */
    readonly routes: Table<GraphRoute>;
    readonly heads: Table<GraphHead>;
  }
>;

/** What it has at run time. */
export const graphShape: ResultShape<GraphResult> = {
  method: "graph",
  grids: {},
  tables: {
    nodes: {
      id: "text",
      kind: "text",
      layer: ["number", "null"],
      position: "number",
      number: ["number", "null"],
      token: "text",
      activation: ["number", "null"],
      probability: ["number", "null"],
      influence: ["number", "null"],
      cumulative: ["number", "null"],
    },
    edges: { source: "text", target: "text", weight: "number" },
    scores: {
      replacement: "number",
      completeness: "number",
      active: "number",
      features: "number",
      kept: "number",
    },
    routes: { source: "text", target: "text", weight: "number", several: "number" },
    heads: {
      source: "text",
      target: "text",
      layer: "number",
      head: "number",
      alone: "number",
      without: "number",
    },
  },
};
