/** Prompts with the answers that are looked for at their ends. */
import type { Prompt } from "@mlxterp/core";
import { type Fed, type Note, visibleToken } from "@mlxterp/results";
import { type Answer, type ResolvedAnswer, resolveAnswers } from "./answers.js";
import type { AnalysisModel } from "./model.js";
import { fedOf, type OnePrompt, promptIds, promptList, type TokenText } from "./prompts.js";

/** A prompt as it was fed, with its answers as tokens. */
export interface Question extends Fed {
  readonly answer: TokenText;
}

interface Answers {
  readonly answer: Answer | readonly Answer[];
  readonly wrongAnswer?: Answer | readonly Answer[] | undefined;
}

/** Questions, and what a reader must know of how they were read. */
export interface Questions {
  readonly list: readonly Question[];
  readonly notes: readonly Note[];
  /** The answers' ids, as they were asked for. */
  readonly asked: { readonly answer: number[]; readonly wrongAnswer: number[] | undefined };
}

/**
 * Tokenizes prompts and answers; one answer for all prompts, or one for each.
 *
 * @throws AnswerTokenError (`ANSWER_TOKEN`), OutOfRangeError (`OUT_OF_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function resolveQuestions(model: AnalysisModel, input: Prompt, given: Answers): Questions {
  const prompts = promptList(model, input);
  const { answers, wrong, notes, asked } = resolveBoth(model, given, prompts, prompts);
  const list = promptIds(model, prompts).map((ids, index): Question => {
    const answer = answers[index].token;
    const wrongAnswer = wrong?.[index].token;
    return { ...fedOf(model, "prompt", ids), answer, ...(wrongAnswer && { wrongAnswer }) };
  });
  return { list, notes, asked };
}

/** Answers and wrong answers, each read as what continues its own prompts. */
export function resolveBoth(
  model: AnalysisModel,
  { answer, wrongAnswer }: Answers,
  prompts: readonly OnePrompt[],
  wrongPrompts: readonly OnePrompt[],
) {
  const answers = resolveAnswers(model, answer, prompts);
  const wrong =
    wrongAnswer === undefined
      ? undefined
      : resolveAnswers(model, wrongAnswer, wrongPrompts, "wrongAnswer");
  const asked = { answer: idsOf(answers), wrongAnswer: wrong && idsOf(wrong) };
  const notes = [...answers, ...(wrong ?? [])].flatMap((one) => one.notes);
  return { answers, wrong, asked, notes: unique([...notes, ...sameTokens(answers, wrong)]) };
}

function idsOf(answers: readonly ResolvedAnswer[]): number[] {
  return answers.map(({ token }) => token.id);
}

/** Two answers that are one token cannot be told apart. */
function sameTokens(answers: readonly ResolvedAnswer[], wrong?: readonly ResolvedAnswer[]): Note[] {
  const same = answers.filter(({ token }, index) => token.id === wrong?.[index].token.id);
  return same.map(({ token }) => ({
    code: "SAME_ANSWER",
    text: `answer and wrong answer are the same token, ${visibleToken(token.text)} (${token.id}): nothing tells them apart.`,
  }));
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
