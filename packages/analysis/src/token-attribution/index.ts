/** What the room of token attribution offers. */
export { tokens } from "./method.js";
export type { TokenAttributionOptions } from "./options.js";
export type { TokenGrids, TokenResult, TokenTables } from "./result.js";
export { tokenAttribution } from "./token-attribution.js";
