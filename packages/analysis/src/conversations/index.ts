/** What the room of conversations offers. */
export {
  type Conversation,
  conversation,
  type TurnPositions,
  type WrittenChat,
} from "./conversation.js";
export { turnsMethod } from "./method.js";
export type { TurnOptions } from "./options.js";
export type { TurnGrids, TurnResult, TurnTables } from "./result.js";
export { turnByTurn } from "./turns.js";
export { turnAttentionGrid } from "./view.js";
