/** What the room of attribution graphs offers. */
export { attributionGraph } from "./attribution-graph.js";
export { graph } from "./method.js";
export type { GraphOptions } from "./options.js";
export type {
  GraphEdge,
  GraphNode,
  GraphNodeKind,
  GraphResult,
  GraphScores,
} from "./result.js";
export { type ViewerGraph, type ViewerOptions, viewerGraph } from "./viewer.js";
