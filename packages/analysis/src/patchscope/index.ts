/** What the room of patchscopes offers. */
export { patchscopeMethod } from "./method.js";
export type { PatchscopeOptions } from "./options.js";
export { patchscope } from "./patchscope.js";
export type { PatchscopeGrids, PatchscopeResult, PatchscopeTables } from "./result.js";
export { patchscopeLines, patchscopeTable } from "./view.js";
