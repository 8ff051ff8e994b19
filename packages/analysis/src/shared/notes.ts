/** Caveats that can be checked, as notes of a result. */
import { formatPercent, type Note, visibleToken } from "@mlxterp/results";
import type { TokenText } from "./prompts.js";

/** Answers that the model itself does not put first: what is explained is then no prediction. */
export function answerNotes(
  questions: readonly { readonly answer: TokenText }[],
  ranks: readonly number[],
): Note[] {
  const missed = questions.flatMap(({ answer }, index) =>
    ranks[index] > 1 ? [{ answer, rank: ranks[index] }] : [],
  );
  if (missed.length === 0) return [];
  const [{ answer, rank }] = missed;
  const which =
    questions.length === 1
      ? `the answer ${visibleToken(answer.text)} has rank ${rank}`
      : `the answer is not first on ${missed.length} of ${questions.length} prompts`;
  return [{ code: "ANSWER_NOT_FIRST", text: `${which}: this is not what the model predicts.` }];
}

/** Probabilities near all or nothing hide what happens to the logits. */
export function saturationNotes(metric: string, values: readonly number[]): Note[] {
  if (metric !== "probability") return [];
  const saturated = values.find((value) => value > 0.99 || value < 0.01);
  if (saturated === undefined) return [];
  const text = `the probability is ${formatPercent(saturated)} without any change: near all or nothing, effects hide. Look at logitDifference.`;
  return [{ code: "SATURATED", text }];
}
