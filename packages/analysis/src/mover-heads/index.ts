/** What the room of mover heads offers. */
export {
  type MoverHead,
  type MoverHeadsOptions,
  type MoverHeadsResult,
  moverHeads,
} from "./mover-heads.js";
