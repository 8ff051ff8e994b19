/** What the room of directions read through the unembedding offers. */
export {
  type DirectionReadingOptions,
  type DirectionReadingResult,
  type DirectionToken,
  readDirection,
} from "./direction-reading.js";
