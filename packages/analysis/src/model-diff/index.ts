/** What the room of model diffing offers. */
export { diffMethod } from "./method.js";
export { modelDiff } from "./model-diff.js";
export type { ModelDiffOptions } from "./options.js";
export type { ModelDiffGrids, ModelDiffResult, ModelDiffTables } from "./result.js";
export { residualDiffGrid } from "./view.js";
