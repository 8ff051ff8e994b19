/** Prompts with the answers that are looked for at their ends. */
import type { Prompt } from "@mlxterp/core";
import { type Answer, resolveAnswers } from "./answers.js";
import type { AnalysisModel } from "./model.js";
import {
  type PromptTokens,
  promptIds,
  promptList,
  promptTokens,
  type TokenText,
} from "./prompts.js";

/** A prompt as it was fed, and its answers as tokens. */
export interface Question {
  readonly prompt: PromptTokens;
  readonly answer: TokenText;
  readonly wrongAnswer?: TokenText;
}

interface Answers {
  readonly answer: Answer | readonly Answer[];
  readonly wrongAnswer?: Answer | readonly Answer[];
}

/**
 * Tokenizes prompts and answers; one answer for all prompts, or one for each.
 *
 * @throws AnswerTokenError (`ANSWER_TOKEN`), OutOfRangeError (`OUT_OF_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function resolveQuestions(
  model: AnalysisModel,
  input: Prompt,
  { answer, wrongAnswer }: Answers,
): Question[] {
  const prompts = promptList(model, input);
  const answers = resolveAnswers(model, answer, prompts);
  const wrong =
    wrongAnswer === undefined
      ? undefined
      : resolveAnswers(model, wrongAnswer, prompts, "wrongAnswer");
  return promptIds(model, prompts).map((ids, index) => ({
    prompt: promptTokens(model, ids),
    answer: answers[index],
    ...(wrong && { wrongAnswer: wrong[index] }),
  }));
}
