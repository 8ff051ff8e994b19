/** What the room of circuits offers. */
export type { Ablation } from "./ablation.js";
export { findCircuit } from "./find-circuit.js";
export { graphToDot } from "./graphviz.js";
export { auroc, circuitAreas } from "./measures.js";
export { circuit } from "./method.js";
export type { CircuitOptions } from "./options.js";
export type { Selection } from "./order.js";
export type {
  CircuitGrids,
  CircuitResult,
  CircuitSize,
  CircuitTables,
  LeftOut,
  NeededEdge,
} from "./result.js";
export { faithfulnessLines } from "./view.js";
