/** What the room of ACDC offers. */
export { acdc } from "./acdc.js";
export { discover } from "./method.js";
export type { AcdcOptions } from "./options.js";
export type { AcdcResult, AcdcTables } from "./result.js";
