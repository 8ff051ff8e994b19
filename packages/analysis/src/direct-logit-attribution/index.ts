/** What the room of direct logit attribution offers. */
export { directLogitAttribution } from "./direct-logit-attribution.js";
export { attribute } from "./method.js";
export type { AttributionOptions } from "./options.js";
export {
  type Attribution,
  type AttributionGrids,
  type AttributionResult,
  type AttributionTables,
  attributionOf,
  type ExpertPart,
  type NeuronPart,
  type SourcePart,
} from "./result.js";
export { attributionBars, headGrid } from "./view.js";
