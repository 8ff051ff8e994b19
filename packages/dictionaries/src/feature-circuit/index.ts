/** What the room of feature circuits offers. */
export { featureCircuit } from "./feature-circuit.js";
export { circuitOfFeatures } from "./method.js";
export type { FeatureCircuitOptions } from "./options.js";
export type { CircuitEdge, CircuitNode, CircuitScores, FeatureCircuitResult } from "./result.js";
