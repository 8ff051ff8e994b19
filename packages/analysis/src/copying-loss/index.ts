/** What the room of the copying loss offers. */
export { copyingLoss } from "./copying-loss.js";
export { copying } from "./method.js";
export type { CopyingLossOptions } from "./options.js";
export {
  type CopyingLossGrids,
  type CopyingLossResult,
  type CopyingLossTables,
  type CopyingRun,
  type CopyLoss,
  copyLossOf,
} from "./result.js";
