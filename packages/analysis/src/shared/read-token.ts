/** From what a user calls an answer to one token id. */

import { checkModel, OutOfRangeError, type Tokenizer } from "@mlxterp/core";
import { type Note, visibleToken } from "@mlxterp/results";
import { checkNumbers, checkText } from "@mlxterp/results/errors";
import { AnswerTokenError, MissingTokenizerError } from "./errors.js";
import type { AnalysisModel } from "./model.js";
import { type OnePrompt, type TokenText, textOf } from "./prompts.js";

/** A token: its id, or a text that is one token when it follows the prompt, such as `"Paris"`. */
export type Answer = number | string;

/**
 * The token that an answer is when it continues a prompt.
 *
 * A text is tokenized together with the prompt, since many tokenizers treat the beginning of a text in another way
 * than its middle. A word without a blank before it is read with one where that is a token of its own: `"Paris"` after
 * `"the capital of France is"` means `" Paris"`, as a person would write on. A word that only is one token by itself is accepted, too.
 *
 * @throws AnswerTokenError (`ANSWER_TOKEN`) with the pieces of an answer that is not one token;
 *   MissingTokenizerError (`MISSING_TOKENIZER`); OutOfRangeError (`OUT_OF_RANGE`) for an id outside the vocabulary
 * @example
 * const { id } = resolveAnswer(model, "Paris", "the capital of France is");
 */
export function resolveAnswer(model: AnalysisModel, answer: Answer, prompt: OnePrompt): TokenText {
  return readToken(model, answer, prompt).token;
}

interface ReadToken {
  readonly token: TokenText;
  readonly notes: readonly Note[];
}

export function readToken(model: AnalysisModel, answer: Answer, prompt: OnePrompt): ReadToken {
  checkModel("model", model);
  if (typeof answer !== "number") checkText("answer", answer);
  if (typeof prompt !== "string") checkNumbers("prompt", prompt);
  const { id, other } =
    typeof answer === "number" ? { id: answer, other: undefined } : idOf(model, answer, prompt);
  const { vocab } = model.anatomy;
  if (!Number.isInteger(id) || id < 0 || id >= vocab) {
    throw new OutOfRangeError("Token", id, vocab, "the vocabulary");
  }
  const token = { id, text: textOf(model, [id])[0] };
  if (other === undefined) return { token, notes: [] };
  const unread = visibleToken(textOf(model, [other])[0]);
  const text = `"${answer}" is read as ${visibleToken(token.text)} (token ${id}), as it continues the prompt after a blank; for ${unread} without one pass its id, ${other}.`;
  return { token, notes: [{ code: "ANSWER_READINGS", text }] };
}

/** @returns the token, and the other one that the text could mean */
function idOf(model: AnalysisModel, text: string, prompt: OnePrompt) {
  const { tokenizer } = model;
  if (!tokenizer) {
    if (/^\d+$/.test(text)) return { id: Number(text), other: undefined };
    throw new MissingTokenizerError(text);
  }
  const { spaced, written } = readings(tokenizer, text, prompt);
  const exact = written?.length === 1 ? written[0] : undefined;
  if (spaced?.length === 1) {
    return { id: spaced[0], other: exact === spaced[0] ? undefined : exact };
  }
  if (exact !== undefined) return { id: exact, other: undefined };
  const empty = tokenizer.encode("");
  const alone = tokenizer.encode(text).filter((id) => !empty.includes(id));
  if (alone.length === 1) return { id: alone[0], other: undefined };
  throw new AnswerTokenError(text, tokenizer.pieces(spaced ?? written ?? alone));
}

/** What a text is behind a prompt, as it is written and, where it is a word, after a blank. */
export function readings(tokenizer: Tokenizer, text: string, prompt: OnePrompt) {
  const context = typeof prompt === "string" ? prompt : tokenizer.decode(prompt);
  const start = tokenizer.encode(context);
  const after = (added: string) => continuation(start, tokenizer.encode(context + added));
  const isWord = /^[\p{L}\p{N}]/u.test(text) && !/\s$/u.test(context);
  return {
    written: after(text),
    spaced: isWord && context !== "" ? after(` ${text}`) : undefined,
  };
}

/** What follows `start` in `whole`; undefined when the tokens of the start changed. */
function continuation(start: readonly number[], whole: readonly number[]): number[] | undefined {
  return start.every((id, index) => whole[index] === id) ? whole.slice(start.length) : undefined;
}
