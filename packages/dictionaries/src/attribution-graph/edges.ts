/** What a graph holds: its nodes, and how much each moves those it can reach. */
import type { ActiveFeature } from "./taken-apart.js";

/** A target among next tokens. */
export interface LogitTarget {
  readonly id: number;
  readonly probability: number;
}

/** Nodes in the order features, errors (layer by layer), tokens, logits. */
export interface Adjacency {
  readonly features: readonly ActiveFeature[];
  readonly logits: readonly LogitTarget[];
  readonly positions: number;
  readonly layers: number;
  readonly nodes: number;
  /** The nodes that something may reach, features and logits: each has a row. */
  readonly targets: readonly number[];
  /** `edges[row * nodes + source]` */
  readonly edges: Float32Array;
}

/** How much a node moves another; nothing reaches errors and tokens. */
export function edgeBetween(graph: Adjacency, target: number, source: number): number {
  const { features, logits, nodes, edges } = graph;
  const below = nodes - logits.length;
  if (target >= features.length && target < below) return 0;
  const row = target < below ? target : features.length + target - below;
  return edges[row * nodes + source];
}
