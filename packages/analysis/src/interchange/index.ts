/** What the room of interchange interventions offers. */
export {
  type CausalModel,
  type CausalValue,
  type CausalValues,
  type CausalVariable,
  type Counterfactuals,
  counterfactuals,
  runCausalModel,
} from "./causal-model.js";
export { type Alignment, das, learnAlignment } from "./das.js";
export { dasMethod } from "./method.js";
export type { DasOptions } from "./options.js";
export type { DasGrids, DasResult, DasTables } from "./result.js";
export { dasGrid, dasTable } from "./view.js";
