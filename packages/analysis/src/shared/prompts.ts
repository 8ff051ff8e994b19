/** Prompts as results show them: the ids that were fed and the text behind each. */

import { checkModel, type Prompt } from "@mlxterp/core";
import { isArray } from "@mlxterp/mlx";
import { type Fed, type TokenLabel, type TokenText, tokenTexts } from "@mlxterp/results";
import { checkList, checkNumbers, checkRecord, checkText } from "@mlxterp/results/errors";
import type { AnalysisModel } from "./model.js";

/** One prompt: a text, or its token ids. */
export type OnePrompt = string | readonly number[];

/** Several prompts; they may differ in length. */
export type ManyPrompts = readonly string[] | readonly (readonly number[])[];

/** The tokens of one prompt exactly as the model received them. */
export interface PromptTokens {
  readonly ids: readonly number[];
  /** The piece of text behind each id; the id itself where there is no tokenizer. */
  readonly pieces: readonly string[];
}

export type { TokenText };

/** The texts of token ids; the ids themselves for a model without tokenizer. */
export function textOf(model: AnalysisModel, ids: readonly number[]): string[] {
  return tokenTexts(model.tokenizer, ids);
}

/** @param ids as fed */
function promptTokens(model: AnalysisModel, ids: readonly number[]): PromptTokens {
  return { ids: [...ids], pieces: textOf(model, ids) };
}

/**
 * A prompt as results keep it, with what was asked about it.
 *
 * @example
 * fedOf(model, "prompt", [0, 4]).ids; // [0, 4]
 */
export function fedOf(
  model: AnalysisModel,
  role: string,
  ids: readonly number[],
  answers: Pick<Fed, "answer" | "wrongAnswer"> = {},
): Fed {
  checkRecord("answers", answers);
  const { answer, wrongAnswer } = answers;
  checkModel("model", model);
  checkText("role", role);
  checkNumbers("ids", ids);
  const shown = ({ id, text }: TokenText) => ({ id, text });
  return {
    ...{ role, ...promptTokens(model, ids) },
    ...(answer && { answer: shown(answer) }),
    ...(wrongAnswer && { wrongAnswer: shown(wrongAnswer) }),
  };
}

/** The tokens at some positions of a prompt, as labels of an axis. */
export function positionLabels(
  model: AnalysisModel,
  ids: readonly number[],
  positions: readonly number[] = ids.map((_, position) => position),
): TokenLabel[] {
  const { pieces } = promptTokens(model, ids);
  return positions.map((position) => ({ id: ids[position], text: pieces[position], position }));
}

/** Whether an input is one prompt rather than a list of them. */
export function isOnePrompt(input: Prompt): input is OnePrompt {
  if (typeof input === "string") return true;
  return Array.isArray(input) && input.length > 0 && input.every((id) => typeof id === "number");
}

/** A list of prompts, whatever form they came in; arrays are read to the host. */
export function promptList(model: AnalysisModel, input: Prompt): readonly OnePrompt[] {
  if (isOnePrompt(input)) return [input];
  checkModel("model", model);
  if (isArray(input)) return model.tokens(input).ids;
  checkList("prompts", input);
  return Array.from<unknown>(input as ArrayLike<unknown>) as unknown as ManyPrompts; // whose gaps are prompts too, which are none
}

/** Prompts as lists of token ids, checked by the model. */
export function promptIds(model: AnalysisModel, prompts: readonly OnePrompt[]): number[][] {
  checkModel("model", model);
  return model.tokens(prompts as ManyPrompts).ids.map((ids) => [...ids]);
}
