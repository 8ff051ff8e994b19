/** What the room of features offers. */
export { features } from "./method.js";
export type { FeaturesOptions } from "./options.js";
export { promptFeatures } from "./prompt-features.js";
export type { FeatureQuality, FeatureRow, FeaturesResult } from "./result.js";
