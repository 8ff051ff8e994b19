/** What the room of head ablation offers. */
export { ablateHeads } from "./ablate-heads.js";
export { ablate } from "./method.js";
export type { AblationOptions } from "./options.js";
export type {
  AblationMethod,
  AblationResult,
  AblationTables,
  HeadAddress,
} from "./result.js";
