/** What the room of heads' weights offers. */
export { headWeights } from "./head-weights.js";
export { weightsMethod } from "./method.js";
export type { HeadWeightsOptions } from "./options.js";
export type { HeadWeightsGrids, HeadWeightsResult, HeadWeightsTables } from "./result.js";
export { compositionGrid, headWeightsTable } from "./view.js";
