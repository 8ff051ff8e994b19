/** What the room of the logit lens offers. */
export { logitLens } from "./logit-lens.js";
export { lens } from "./method.js";
export type { LensOptions } from "./options.js";
export {
  type LensAnswer,
  type LensCell,
  type LensGrids,
  type LensResult,
  type LensRow,
  type LensTables,
  type LensToken,
  lensRows,
} from "./result.js";
export { lensGrid, lensTrajectories } from "./view.js";
