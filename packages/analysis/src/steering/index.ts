/** What the room of steering offers. */
export { type ControlDirections, fromControlVector, toControlVector } from "./control-vectors.js";
export { steerMethod } from "./method.js";
export type { SteeringVectorOptions, SteerOptions } from "./options.js";
export type { SteerGrids, SteerResult, SteerTables } from "./result.js";
export { steer } from "./steer.js";
export {
  type SteeringStrength,
  type SteeringVector,
  steeringInterventions,
  steeringVectors,
} from "./steering-vectors.js";
export { steerGrid, steerLines } from "./view.js";
