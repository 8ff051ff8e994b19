/** What the room of path patching offers. */
export { path } from "./method.js";
export type { PathOptions } from "./options.js";
export { pathPatching } from "./path-patching.js";
export type { PathGrids, PathResult, PathTables, SenderAxes } from "./result.js";
export { senderGrid } from "./view.js";
