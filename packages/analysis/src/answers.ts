/** From what a user calls an answer to one token id. */
import { OutOfRangeError } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { AnswerTokenError, MissingTokenizerError } from "./errors.js";
import type { AnalysisModel } from "./model.js";
import { type OnePrompt, type TokenText, textOf } from "./prompts.js";

/** A token: its id, or a text that is one token when it follows the prompt, such as `" Paris"`. */
export type Answer = number | string;

/**
 * The token that an answer is when it continues a prompt.
 *
 * A text is tokenized together with the prompt, since many tokenizers treat the beginning of a text in another way
 * than its middle; a word that only is one token on its own is accepted too.
 *
 * @throws AnswerTokenError (`ANSWER_TOKEN`) with the pieces of an answer that is not one token;
 *   MissingTokenizerError (`MISSING_TOKENIZER`); OutOfRangeError (`OUT_OF_RANGE`) for an id outside the vocabulary
 * @example
 * const { id } = resolveAnswer(model, "Paris", "the capital of France is");
 */
export function resolveAnswer(model: AnalysisModel, answer: Answer, prompt: OnePrompt): TokenText {
  const id = typeof answer === "number" ? answer : idOf(model, answer, prompt);
  const { vocab } = model.anatomy;
  if (!Number.isInteger(id) || id < 0 || id >= vocab) {
    throw new OutOfRangeError("Token", id, vocab, "the vocabulary");
  }
  return { id, text: textOf(model, [id])[0] };
}

/** One answer for each prompt: as many as there are prompts, or one for all. */
export function resolveAnswers(
  model: AnalysisModel,
  answers: Answer | readonly Answer[],
  prompts: readonly OnePrompt[],
  name = "answer",
): TokenText[] {
  const list = Array.isArray(answers) ? (answers as readonly Answer[]) : [answers as Answer];
  if (list.length !== 1 && list.length !== prompts.length) {
    throw new InvalidArgumentError(
      name,
      answers,
      `${list.length} answers do not fit ${prompts.length} prompts; give one for each, or one for all.`,
    );
  }
  return prompts.map((prompt, index) =>
    resolveAnswer(model, list[list.length === 1 ? 0 : index], prompt),
  );
}

function idOf(model: AnalysisModel, text: string, prompt: OnePrompt): number {
  const { tokenizer } = model;
  if (!tokenizer) throw new MissingTokenizerError(text);
  const context = typeof prompt === "string" ? prompt : tokenizer.decode(prompt);
  const continued = continuation(tokenizer.encode(context), tokenizer.encode(context + text));
  if (continued?.length === 1) return continued[0];
  const empty = tokenizer.encode("");
  const alone = tokenizer.encode(text).filter((id) => !empty.includes(id));
  if (alone.length === 1) return alone[0];
  throw new AnswerTokenError(text, tokenizer.pieces(continued ?? alone));
}

/** What follows `start` in `whole`; undefined when the tokens of the start changed. */
function continuation(start: readonly number[], whole: readonly number[]): number[] | undefined {
  return start.every((id, index) => whole[index] === id) ? whole.slice(start.length) : undefined;
}
