/** What attribution patching scores, and where it stands. */
import type { AnalysisModel } from "../shared/model.js";

/** Queries, keys and values are those of single heads; heads that share keys have one of each. */
export const nodeKinds = ["residual", "attention", "mixer", "mlp", "head", "query", "key", "value"] as const; // biome-ignore format: one list

export type NodeKind = (typeof nodeKinds)[number];

const siteNames: Readonly<Record<NodeKind, string>> = {
  residual: "input",
  attention: "selfAttn",
  mixer: "mixer",
  mlp: "mlp",
  head: "selfAttn.z",
  query: "selfAttn.q",
  key: "selfAttn.k",
  value: "selfAttn.v",
};

export function nodeSite(kind: NodeKind, layer: number | "*"): string {
  return `layers.${layer}.${siteNames[kind]}`;
}

/** How many of a kind a layer has; undefined for what is not by head. */
export function headsOf({ anatomy }: AnalysisModel, kind: NodeKind): number | undefined {
  if (kind === "head" || kind === "query") return anatomy.heads;
  return kind === "key" || kind === "value" ? anatomy.kvHeads : undefined;
}

/** Where the positions stand in a kind's activations. */
export function positionAxis(kind: NodeKind): 1 | 2 {
  return kind === "query" || kind === "key" || kind === "value" ? 2 : 1;
}
