/** What the room of erasure offers. It is no method: what it makes are erasers and weights, not a result. */
export { type Eraser, leace } from "./leace.js";
export { orthogonalizedParameters } from "./orthogonalized-parameters.js";
