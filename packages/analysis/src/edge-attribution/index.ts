/** What the room of edge attribution offers. */
export { edgeAttribution } from "./edge-attribution.js";
export { edges } from "./method.js";
export type { EdgeOptions, EdgeScoring } from "./options.js";
export type { EdgeBaseline, EdgeResult, EdgeRow, EdgeTables } from "./result.js";
export { edgeGraph } from "./view.js";
