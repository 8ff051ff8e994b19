/** What the room of effective attention offers. It has no verb: the models that verbs are tried on only attend. */
export { effectiveAttention } from "./effective-attention.js";
export type { EffectiveAttentionOptions } from "./options.js";
export type { EffectiveAttentionResult } from "./result.js";
