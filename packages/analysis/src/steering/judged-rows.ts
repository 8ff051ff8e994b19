/** Prompts with answers as rows of token ids: an answer of several tokens is read behind its prompt, in a row of its own. */
import type { AnswerTokens } from "../shared/answers.js";
import { readingOf } from "../shared/sequences.js";
import type { TokenSet } from "../shared/token-sets.js";

/** What a row says of its prompt: the log probability of these tokens at the row's last positions, counted so. */
interface Term {
  readonly steps: readonly TokenSet[];
  readonly weight: 1 | -1;
}

/** A prompt, perhaps with all tokens of an answer but the last behind it. */
export interface JudgedRow {
  readonly ids: readonly number[];
  /** The number of its prompt. */
  readonly prompt: number;
  readonly terms: readonly Term[];
}

/** The answers that prompts are judged by, one each. */
export interface JudgedAnswers {
  readonly answer: readonly AnswerTokens[];
  readonly wrongAnswer?: readonly AnswerTokens[] | undefined;
}

/** One row for each prompt where both answers are read at its end, else one for each answer. */
export function judgedRows(
  prompts: readonly (readonly number[])[],
  { answer, wrongAnswer }: JudgedAnswers,
): JudgedRow[] {
  return prompts.flatMap((ids, prompt): JudgedRow[] => {
    const own = readingOf(answer[prompt]);
    const term: Term = { steps: own.steps, weight: 1 };
    const first = { ids: [...ids, ...own.fed], prompt, terms: [term] };
    if (!wrongAnswer) return [first];
    const other = readingOf(wrongAnswer[prompt]);
    const less: Term = { steps: other.steps, weight: -1 };
    if (String(own.fed) === String(other.fed)) return [{ ...first, terms: [term, less] }];
    return [first, { ids: [...ids, ...other.fed], prompt, terms: [less] }];
  });
}
