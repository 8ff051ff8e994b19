/** What the room of attribution patching offers. */
export { attributionPatching } from "./attribution-patching.js";
export { atp } from "./method.js";
export type { AttributionPatchingOptions } from "./options.js";
export type {
  AttributionPatchingGrids,
  AttributionPatchingResult,
  AttributionPatchingTables,
} from "./result.js";
export { attributionPatchingGrid } from "./view.js";
