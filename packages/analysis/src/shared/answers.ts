/** From what a user calls an answer to token ids: one, several of which any will do, or several that follow each other. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { Note } from "@mlxterp/results";
import { MissingTokenizerError } from "./errors.js";
import type { AnalysisModel } from "./model.js";
import type { OnePrompt, TokenText } from "./prompts.js";
import { type Answer, readings, readToken } from "./read-token.js";
import type { TokenSet } from "./token-sets.js";

export { type Answer, resolveAnswer } from "./read-token.js";

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
    const rule = `${JSON.stringify(text)} is ${sequence.length} tokens, and this method reads one position. ${instead}; methods that patch, ablate, trace, steer, score edges or find circuits take sequences.`;
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
  if (answer === null || !("sequence" in answer || Array.isArray(answer.any))) {
    const rule = "must be a token, a text, { any: [...] } or { sequence: ... }.";
    throw new InvalidArgumentError("answer", answer, rule);
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
