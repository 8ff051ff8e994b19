/** Token texts made visible: the one way in which terminals, pictures and pages write them. */
import { checkText } from "../errors/option-rules.js";
import { visibleLine } from "./visible.js";

/**
 * A token with everything visible: blanks at its ends as `·`, line ends as `\n`, other controls, characters that turn
 * the direction of what follows and those that take no room by number.
 *
 * @example
 * visibleToken(" Paris"); // "·Paris"
 */
export function visibleToken(piece: string): string {
  checkText("piece", piece);
  if (piece === "") return "∅";
  return visibleLine(piece.replace(/^ +| +$/g, (blanks) => "·".repeat(blanks.length)));
}
