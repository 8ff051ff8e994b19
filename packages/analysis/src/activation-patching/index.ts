/** What the room of activation patching offers. */
export { activationPatching } from "./activation-patching.js";
export { patch } from "./method.js";
export type { PatchingOptions } from "./options.js";
export type {
  PatchBaseline,
  PatchDirection,
  PatchingGrids,
  PatchingResult,
  PatchingTables,
  PatchKind,
} from "./result.js";
export { patchingGrid } from "./view.js";
