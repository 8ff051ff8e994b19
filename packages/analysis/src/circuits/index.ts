/** What the room of circuits offers. */

export { findCircuit } from "./find-circuit.js";
export { graphToDot } from "./graphviz.js";
export { auroc, circuitAreas, rankCorrelation } from "./measures.js";
export { circuit } from "./method.js";
export type { Ablation, CircuitOptions, Selection } from "./options.js";
export type {
  CircuitGrids,
  CircuitResult,
  CircuitSize,
  CircuitTables,
  LeftOut,
  NeededEdge,
} from "./result.js";
export { faithfulnessLines } from "./view.js";
