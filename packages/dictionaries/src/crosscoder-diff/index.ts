/** What the room of crosscoder diffing offers. */
export { crosscoderDiff } from "./crosscoder-diff.js";
export { crosscoder } from "./method.js";
export type { CrosscoderDiffOptions } from "./options.js";
export type { ComparedFeature, CrosscoderCounts, CrosscoderDiffResult } from "./result.js";
