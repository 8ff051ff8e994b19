/** What the room of activation patching offers. */
export type { PatchPart } from "../patching/kinds.js";
export { activationPatching } from "./activation-patching.js";
export { patch } from "./method.js";
export type { PatchingOptions } from "./options.js";
export type {
  PatchBaseline,
  PatchDirection,
  PatchingGrids,
  PatchingResult,
  PatchingTables,
} from "./result.js";
export { patchingGrid } from "./view.js";
