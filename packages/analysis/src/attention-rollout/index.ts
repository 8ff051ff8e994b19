/** What the room of attention rollout offers. */
export {
  type AttentionRolloutOptions,
  type AttentionRolloutResult,
  attentionRollout,
} from "./attention-rollout.js";
