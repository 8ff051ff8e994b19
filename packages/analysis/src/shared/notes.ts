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

/** Three prompts of four. */
const enough = 0.75;

/** A task that the model does not do: what explains its answers explains little. */
export function taskNotes(prefers: readonly (boolean | undefined)[]): Note[] {
  const known = prefers.filter((one) => one !== undefined);
  const right = known.filter(Boolean).length;
  if (known.length === 0 || right >= enough * known.length) return [];
  const where = known.length > 1 ? ` on ${known.length - right} of ${known.length} clean prompts` : " on the clean prompt"; // biome-ignore format: one choice
  const text = `the model prefers the wrong answer${where}: it does not do this task, and what explains its answers explains little of it.`;
  return [{ code: "TASK_NOT_DONE", text }];
}

/** Whether a clean score says that the answer is preferred; undefined for metrics that do not look at the wrong answer. */
export function prefersBy(metric: string, clean: number): boolean | undefined {
  const differs = metric === "logitDifference" || metric === "probabilityDifference";
  return differs ? clean > 0 : undefined;
}

/** Probabilities near all or nothing hide what happens to the logits. */
export function saturationNotes(metric: string, values: readonly number[]): Note[] {
  if (metric !== "probability") return [];
  const saturated = values.find((value) => value > 0.99 || value < 0.01);
  if (saturated === undefined) return [];
  const text = `the probability is ${formatPercent(saturated)} without any change: near all or nothing, effects hide. Look at logitDifference.`;
  return [{ code: "SATURATED", text }];
}
