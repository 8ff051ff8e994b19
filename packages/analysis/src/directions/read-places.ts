/** Where activations of pairs are read: one position, all pooled, or the words that are marked. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Fed } from "@mlxterp/results";
import type { ClassPairs } from "../shared/classes.js";
import { range } from "../shared/lists.js";
import { select } from "../shared/select.js";
import type { Pooling } from "./read-rows.js";

export type ReadPosition = number | "mean" | "max" | "spans";

/**
 * What is read of each prompt, positive and negative by turns. A position is one of the positive prompt, read in the negative one where
 * marked words say that it stands.
 *
 * @returns the position itself where it is the same in all
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for `spans` where some pair has none, and a position that stands for nothing
 */
export function readPlaces(pairs: ClassPairs, position: ReadPosition): Pooling {
  if (position === "spans") return pairs.fed.map(tokensOfSpans);
  if (typeof position === "string" || pairs.aligned.every((one) => !one)) return position;
  return pairs.positive.flatMap((ids, index) => {
    const own = select("Position", [position], ids.length, "a prompt")[0];
    const map = pairs.aligned[index];
    const { length } = pairs.negative[index];
    const other = map ? map[own] : select("Position", [position], length, "a prompt")[0];
    if (other !== null) return [[own], [other]];
    const rule = `nothing in the corrupted prompt of pair ${index} stands for it, since marked words differ in length. Read at another position, or at "spans".`;
    throw new InvalidArgumentError("position", position, rule);
  });
}

function tokensOfSpans({ spans }: Fed, index: number): number[] {
  if (spans && spans.length > 0) {
    return spans.flatMap(([from, to]) => range(to - from).map((at) => from + at));
  }
  const rule = `no words of pair ${Math.floor(index / 2)} are marked; give spans for each pair, or another position.`;
  throw new InvalidArgumentError("position", "spans", rule);
}
