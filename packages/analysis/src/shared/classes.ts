/** Two classes of prompts in pairs, such as true and false statements; what methods of directions are given. */
import { checkRecord, InvalidArgumentError } from "@mlxterp/mlx";
import type { Fed } from "@mlxterp/results";
import type { AnalysisModel } from "./model.js";
import type { PatchingPrompts } from "./pairs.js";
import { fedOf, promptIds, promptList } from "./prompts.js";

/** Pair i is `positive[i]` and `negative[i]`; they may differ in length. */
export interface ClassPairs {
  readonly positive: readonly (readonly number[])[];
  readonly negative: readonly (readonly number[])[];
  readonly fed: readonly Fed[];
}

/**
 * @param input `clean` are the positive prompts, `corrupted` the negative ones
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for lists of different length
 */
export function classPairs(model: AnalysisModel, input: PatchingPrompts): ClassPairs {
  checkRecord("input", input);
  const positive = promptIds(model, promptList(model, input.clean));
  const negative = promptIds(model, promptList(model, input.corrupted));
  if (positive.length !== negative.length || positive.length === 0) {
    const rule = `${positive.length} prompts of one class and ${negative.length} of the other make no pairs; give as many of each.`;
    throw new InvalidArgumentError("corrupted", negative.length, rule);
  }
  const fed = positive.flatMap((ids, index) => [
    fedOf(model, "clean", ids),
    fedOf(model, "corrupted", negative[index]),
  ]);
  return { positive, negative, fed };
}
