/** What the room of the tuned lens offers; `logitLens` reads with what is trained here. */
export { tunedLensMethod } from "./method.js";
export type { TunedLensOptions } from "./options.js";
export type { TunedLensGrids, TunedLensResult, TunedLensTables } from "./result.js";
export type { TunedLensProgress, TunedLensTraining } from "./train-options.js";
export { trainTunedLens } from "./train-tuned-lens.js";
export { tunedLens } from "./tuned-lens.js";
export { lensDistanceLines, lensTrainingLines } from "./view.js";
