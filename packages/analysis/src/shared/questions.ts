/** Prompts with the answers that are looked for at their ends. */
import type { Prompt } from "@mlxterp/core";
import { type Fed, type Note, visibleToken } from "@mlxterp/results";
import {
  type AnswerChoice,
  type AnswerKinds,
  type AnswerTokens,
  type AskedAnswer,
  askedAnswers,
  type ResolvedAnswer,
  resolveAnswers,
} from "./answers.js";
import type { AnalysisModel } from "./model.js";
import { fedOf, type OnePrompt, promptIds, promptList, type TokenText } from "./prompts.js";

/** A prompt as it was fed, with its answers as tokens. */
export interface Question extends Fed {
  readonly answer: TokenText;
}

interface Answers {
  readonly answer: AnswerChoice | readonly AnswerChoice[];
  readonly wrongAnswer?: AnswerChoice | readonly AnswerChoice[] | undefined;
}

/** The answers' ids, as they were asked for. */
export type AskedAnswers = {
  readonly answer: AskedAnswer[];
  readonly wrongAnswer: AskedAnswer[] | undefined;
};

/** Questions, and what a reader must know of how they were read. */
export interface Questions {
  readonly list: readonly Question[];
  /** All tokens of each prompt's answer. */
  readonly answers: readonly AnswerTokens[];
  readonly wrongAnswers: readonly AnswerTokens[] | undefined;
  readonly notes: readonly Note[];
  /** The answers' ids, as they were asked for. */
  readonly asked: AskedAnswers;
}

/**
 * Tokenizes prompts and answers; one answer for all prompts, or one for each.
 *
 * @throws AnswerTokenError (`ANSWER_TOKEN`), OutOfRangeError (`OUT_OF_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function resolveQuestions(
  model: AnalysisModel,
  input: Prompt,
  given: Answers,
  kinds: AnswerKinds = {},
): Questions {
  const prompts = promptList(model, input);
  const { answers, wrong, notes, asked } = resolveBoth(model, given, prompts, prompts, kinds);
  const list = promptIds(model, prompts).map((ids, index): Question => {
    const answer = answers[index].token;
    const wrongAnswer = wrong?.[index].token;
    const about = { answer, ...(wrongAnswer && { wrongAnswer }) };
    return fedOf(model, "prompt", ids, about) as Question; // it has an answer
  });
  const tokensOf = (all: readonly ResolvedAnswer[]) => all.map(({ token }) => token);
  return { list, answers: tokensOf(answers), wrongAnswers: wrong && tokensOf(wrong), notes, asked };
}

/** Answers and wrong answers, each read as what continues its own prompts. */
export function resolveBoth(
  model: AnalysisModel,
  { answer, wrongAnswer }: Answers,
  prompts: readonly OnePrompt[],
  wrongPrompts: readonly OnePrompt[],
  kinds: AnswerKinds = {},
) {
  const answers = resolveAnswers(model, answer, prompts, "answer", kinds);
  const wrong =
    wrongAnswer === undefined
      ? undefined
      : resolveAnswers(model, wrongAnswer, wrongPrompts, "wrongAnswer", kinds);
  const asked = { answer: askedAnswers(answers), wrongAnswer: wrong && askedAnswers(wrong) };
  const notes = [...answers, ...(wrong ?? [])].flatMap((one) => one.notes);
  return { answers, wrong, asked, notes: unique([...notes, ...sameTokens(answers, wrong)]) };
}

/** Two answers that share a token, or are the same sequence, are not told apart. */
function sameTokens(answers: readonly ResolvedAnswer[], wrong?: readonly ResolvedAnswer[]): Note[] {
  return answers.flatMap(({ token }, index): Note[] => {
    const other = wrong?.[index].token;
    const shared = other && sharedToken(token, other);
    if (shared === undefined) return [];
    const own = `${visibleToken(token.text)} (${shared})`;
    const text =
      typeof token.set === "number"
        ? `answer and wrong answer are the same token, ${own}: nothing tells them apart.`
        : `token ${shared} is among the answers and among the wrong answers; it counts for both.`;
    return [{ code: "SAME_ANSWER", text }];
  });
}

/** A token of both answers; the first of two sequences that are the same. */
export function sharedToken(one: AnswerTokens, other: AnswerTokens): number | undefined {
  if (one.sequence || other.sequence) {
    return String(one.sequence ?? one.id) === String(other.sequence ?? other.id)
      ? one.id
      : undefined;
  }
  const ids = new Set([other.set].flat());
  return [one.set].flat().find((id) => ids.has(id));
}

/** Each note once. */
function unique(notes: readonly Note[]): Note[] {
  return [...new Map(notes.map((note) => [note.text, note])).values()];
}

/** The ids of questions, as metrics take them. */
export function metricTokens(questions: readonly Question[]) {
  return {
    answer: questions.map(({ answer }) => answer.id),
    wrongAnswer: questions[0].wrongAnswer && questions.map(({ wrongAnswer }) => wrongAnswer!.id),
  };
}
