/** What the room of erasure offers: erasers, weights without a direction, and how well an erasure does. */
export { erasure } from "./erasure.js";
export { type Eraser, leace } from "./leace.js";
export { eraseMethod } from "./method.js";
export type { ErasureOptions } from "./options.js";
export { orthogonalizedParameters } from "./orthogonalized-parameters.js";
export type { ErasureGrids, ErasureResult, ErasureTables } from "./result.js";
export { erasureLines } from "./view.js";
