/** What the room of scans offers. */
export { scan as scanMethod } from "./method.js";
export type { ScanOptions } from "./options.js";
export type { Finding, ScanResult, ScanTables } from "./result.js";
export { scan } from "./scan.js";
