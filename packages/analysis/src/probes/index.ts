/** What the room of probes offers. */
export { type FitProbeOptions, fitProbe, type LinearProbe } from "./linear-probe.js";
export { probeMethod } from "./method.js";
export type { ProbeOptions } from "./options.js";
export { probe } from "./probe.js";
export type { ProbeGrids, ProbeResult, ProbeTables } from "./result.js";
export {
  type ProbeStore,
  type StoreProbe,
  type StoreProbeOptions,
  trainStoreProbe,
} from "./store-probe.js";
export { probeGrid, probeLines } from "./view.js";
