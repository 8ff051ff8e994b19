/** What the room of conversations offers. */
export {
  type Conversation,
  conversation,
  type TurnPositions,
  type WrittenChat,
} from "./conversation.js";
export {
  type TurnAttentionOptions,
  type TurnAttentionResult,
  type TurnKnockoutOptions,
  type TurnKnockoutResult,
  turnAttention,
  turnKnockout,
} from "./turns.js";
