/** Which tokens of a sequence are collected. */
import { OutOfRangeError } from "@mlxterp/core";

/**
 * All tokens; chosen ones, from 0 or negative from each sequence's own end, which every sequence must have; or a
 * range as in `Array.slice`, of which a sequence gives what it has: `{ from: 1 }` leaves out the first token.
 */
export type PositionChoice =
  | "all"
  | readonly number[]
  | { readonly from?: number; readonly to?: number };

/**
 * The chosen positions of one sequence.
 *
 * @param length real tokens of the sequence
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a listed position that it does not have
 */
export function chosenPositions(
  choice: PositionChoice,
  length: number,
  sequence: number,
): readonly number[] {
  const all = Array.from({ length }, (_, position) => position);
  if (choice === "all") return all;
  if (!isPositionList(choice)) return all.slice(choice.from ?? 0, choice.to ?? length);
  return choice.map((position) => {
    const found = position < 0 ? position + length : position;
    if (Number.isInteger(found) && found >= 0 && found < length) return found;
    throw new OutOfRangeError("Position", position, length, `sequence ${sequence} of the dataset`);
  });
}

export function isPositionList(choice: PositionChoice): choice is readonly number[] {
  return Array.isArray(choice);
}
