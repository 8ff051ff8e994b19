/** What the room of head types offers. */
export type { HeadKind, HeadTargets } from "./head-kinds.js";
export { headTypes } from "./head-types.js";
export { heads } from "./method.js";
export type { HeadMeasure, HeadTypeOptions } from "./options.js";
export { repeatedTokens } from "./random-tokens.js";
export {
  type HeadScores,
  type HeadTypesGrids,
  type HeadTypesResult,
  type HeadTypesTables,
  headScores,
} from "./result.js";
export { headTypeGrid } from "./view.js";
