/** What the room of attention patterns offers. */
export { attentionPatterns } from "./attention-patterns.js";
export { attention } from "./method.js";
export type { AttentionOptions } from "./options.js";
export {
  type AttentionGrids,
  type AttentionResult,
  type HeadPattern,
  headPatterns,
} from "./result.js";
