/** What the room of causal tracing offers. */
export { causalTracing } from "./causal-tracing.js";
export { causal } from "./method.js";
export type { TracingOptions } from "./options.js";
export type { TracingGrids, TracingResult, TracingTables } from "./result.js";
export { tracingGrid } from "./view.js";
