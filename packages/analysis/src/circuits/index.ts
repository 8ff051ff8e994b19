/** What the room of circuits offers. */
export { findCircuit } from "./find-circuit.js";
export { auroc, circuitAreas } from "./measures.js";
export { circuit } from "./method.js";
export type { CircuitOptions } from "./options.js";
export type { CircuitGrids, CircuitResult, CircuitSize, CircuitTables } from "./result.js";
export { faithfulnessLines } from "./view.js";
