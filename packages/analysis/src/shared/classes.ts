/** Two classes of prompts in pairs, such as true and false statements; what methods of directions are given. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Fed } from "@mlxterp/results";
import type { AnalysisModel } from "./model.js";
import { checkPairInput, type PatchingPrompts, spansOfPairs } from "./pairs.js";
import { fedOf, promptIds, promptList } from "./prompts.js";
import { alignSpans } from "./spans.js";

/** Pair i is `positive[i]` and `negative[i]`; they may differ in length. */
export interface ClassPairs {
  readonly positive: readonly (readonly number[])[];
  readonly negative: readonly (readonly number[])[];
  /** Clean and corrupted by turns. */
  readonly fed: readonly Fed[];
  /** Of each pair with marked words, what stands for each position of the positive prompt in the negative one; null where nothing does. */
  readonly aligned: readonly (readonly (number | null)[] | undefined)[];
}

/**
 * @param input `clean` are the positive prompts, `corrupted` the negative ones
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for lists of different length
 */
export function classPairs(model: AnalysisModel, input: PatchingPrompts): ClassPairs {
  checkPairInput(input);
  const positive = promptIds(model, promptList(model, input.clean));
  const negative = promptIds(model, promptList(model, input.corrupted));
  if (positive.length !== negative.length || positive.length === 0) {
    const rule = `${positive.length} prompts of one class and ${negative.length} of the other make no pairs; give as many of each.`;
    throw new InvalidArgumentError("corrupted", negative.length, rule);
  }
  const spans = spansOfPairs(input.spans, positive.length);
  const pairs = positive.map((ids, index) =>
    alignSpans(
      model,
      { clean: fedOf(model, "clean", ids), corrupted: fedOf(model, "corrupted", negative[index]) },
      spans[index],
    ),
  );
  const fed = pairs.flatMap(({ clean, corrupted }) => [clean, corrupted]);
  return { positive, negative, fed, aligned: pairs.map(({ aligned }) => aligned) };
}

/** Some of the pairs. */
export function pickPairs(
  { positive, negative, fed, aligned }: ClassPairs,
  chosen: readonly number[],
): ClassPairs {
  return {
    positive: chosen.map((at) => positive[at]),
    negative: chosen.map((at) => negative[at]),
    fed: chosen.flatMap((at) => [fed[2 * at], fed[2 * at + 1]]),
    aligned: chosen.map((at) => aligned[at]),
  };
}
