/** From what a user calls an answer to token ids: one, several of which any will do, or several that follow each other. */
import { OutOfRangeError, type Tokenizer } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { type Note, visibleToken } from "@mlxterp/results";
import { AnswerTokenError, MissingTokenizerError } from "./errors.js";
import type { AnalysisModel } from "./model.js";
import { type OnePrompt, type TokenText, textOf } from "./prompts.js";
import type { TokenSet } from "./token-sets.js";

/** A token: its id, or a text that is one token when it follows the prompt, such as `"Paris"`. */
export type Answer = number | string;

/** Several tokens, any of which is right: their probabilities are summed. */
export interface AnyAnswer {
  readonly any: readonly Answer[];
}

/** Several tokens that follow each other: their log probabilities are summed, each after those before it. */
export interface SequenceAnswer {
  readonly sequence: string | readonly number[];
}

export type AnswerChoice = Answer | AnyAnswer | SequenceAnswer;

/** An answer as ids, as results keep it. */
export type AskedAnswer = number | { readonly any: number[] } | { readonly sequence: number[] };

/** The tokens of an answer; what it is called by is its first id, and a text that shows them. */
export interface AnswerTokens extends TokenText {
  /** All that are right; one for a sequence. */
  readonly set: TokenSet;
  /** More than one, where they follow each other. */
  readonly sequence?: readonly number[];
}

/** An answer, and what a reader must know of how it was read. */
export interface ResolvedAnswer {
  readonly token: AnswerTokens;
  readonly notes: readonly Note[];
}

/** What a method can score beside single tokens. */
export interface AnswerKinds {
  /** Several tokens of which any will do. */
  readonly sets?: boolean;
  /** Several that follow each other. */
  readonly sequences?: boolean;
}

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

function readToken(model: AnalysisModel, answer: Answer, prompt: OnePrompt): ReadToken {
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

/** One answer for each prompt: as many as there are prompts, or one for all. */
export function resolveAnswers(
  model: AnalysisModel,
  answers: AnswerChoice | readonly AnswerChoice[],
  prompts: readonly OnePrompt[],
  name = "answer",
  kinds: AnswerKinds = {},
): ResolvedAnswer[] {
  const list = Array.isArray(answers)
    ? (answers as readonly AnswerChoice[])
    : [answers as AnswerChoice];
  if (list.length !== 1 && list.length !== prompts.length) {
    throw new InvalidArgumentError(
      name,
      answers,
      `${list.length} answers do not fit ${prompts.length} prompts; give one for each, or one for all.`,
    );
  }
  return prompts.map((prompt, index) => {
    const answer = list[list.length === 1 ? 0 : index];
    const found = readAnswer(model, answer, prompt);
    requireKind(name, found.token, kinds);
    return found;
  });
}

function requireKind(
  name: string,
  { text, set, sequence }: AnswerTokens,
  kinds: AnswerKinds,
): void {
  if (sequence && !kinds.sequences) {
    const instead = kinds.sets ? "Give one token, or several of which any will do ({ any })" : "Give one token"; // biome-ignore format: one choice
    const rule = `${JSON.stringify(text)} is ${sequence.length} tokens, and this method reads one position. ${instead}; task, patch and ablate score sequences.`;
    throw new InvalidArgumentError(name, sequence, rule);
  }
  if (typeof set === "number" || kinds.sets) return;
  const rule = `this method is about one token for each prompt, not about ${set.length} of which any will do. Methods that compare two prompts, and ablate, take several.`;
  throw new InvalidArgumentError(name, set, rule);
}

/** The ids of answers, as methods take them again. */
export function askedAnswers(answers: readonly ResolvedAnswer[]): AskedAnswer[] {
  return answers.map(({ token: { set, sequence } }) => {
    if (sequence) return { sequence: [...sequence] };
    return typeof set === "number" ? set : { any: [...set] };
  });
}

/** Tokens shown of a set. */
const shown = 3;

function readAnswer(model: AnalysisModel, answer: AnswerChoice, prompt: OnePrompt): ResolvedAnswer {
  if (typeof answer !== "object") {
    const { token, notes } = readToken(model, answer, prompt);
    return { token: { ...token, set: token.id }, notes };
  }
  if ("sequence" in answer) return readSequence(model, answer.sequence, prompt);
  const all = answer.any.map((one) => readToken(model, one, prompt));
  const tokens = [...new Map(all.map(({ token }) => [token.id, token])).values()];
  const notes = all.flatMap((one) => one.notes);
  if (tokens.length === 1) return { token: { ...tokens[0], set: tokens[0].id }, notes };
  const some = tokens.slice(0, shown).map(({ text }) => text);
  const more = tokens.length > shown ? ` … (${tokens.length} tokens)` : "";
  const text = `${some.join(" /")}${more}`;
  return { token: { id: tokens[0].id, text, set: tokens.map(({ id }) => id) }, notes };
}

function readSequence(
  model: AnalysisModel,
  sequence: string | readonly number[],
  prompt: OnePrompt,
): ResolvedAnswer {
  const ids = typeof sequence === "string" ? sequenceOf(model, sequence, prompt) : sequence;
  const tokens = ids.map((id) => readToken(model, id, prompt).token); // checks the ids
  const text = tokens.map((token) => token.text).join("");
  const [{ id }] = tokens;
  return { token: { id, text, set: id, ...(ids.length > 1 && { sequence: ids }) }, notes: [] };
}

/** The tokens of a text behind a prompt, with a blank between words. */
function sequenceOf(model: AnalysisModel, text: string, prompt: OnePrompt): number[] {
  const { tokenizer } = model;
  if (!tokenizer) throw new MissingTokenizerError(text);
  const { spaced, written } = readings(tokenizer, text, prompt);
  const ids = spaced ?? written;
  if (ids && ids.length > 0) return ids;
  const rule = `behind its prompt the tokens of the prompt become others, so ${JSON.stringify(text)} does not continue it. Give the ids.`;
  throw new InvalidArgumentError("answer", text, rule);
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
function readings(tokenizer: Tokenizer, text: string, prompt: OnePrompt) {
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
