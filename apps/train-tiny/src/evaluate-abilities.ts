/** Measures a model's abilities on held-out questions, from its logits after each prompt. */
import type { Interventions } from "@mlxterp/core";
import { mx, toFlat } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import type { Question, Questions } from "./questions.js";
import { nextTokenLoss } from "./train.js";
import { bosId, encodeWords } from "./vocabulary.js";
import { verbs } from "./words.js";

/** Shares of right answers, each in [0, 1]. */
export interface Accuracy {
  readonly questions: number;
  /** The answer is the likeliest of all tokens; for agreement, that token is a verb of the right number. */
  readonly best: number;
  /** The answer is likelier than its foil; facts have none. */
  readonly overFoil?: number;
}

export interface CopyLoss {
  /** Mean loss over the tokens of the first copy, in nats. */
  readonly first: number;
  /** The same for the second copy, without its first token, which nothing announces. */
  readonly second: number;
}

export interface Abilities {
  readonly indirectObject: Accuracy;
  readonly facts: Accuracy;
  readonly agreement: Accuracy;
  readonly pronouns: Accuracy;
  readonly copies: CopyLoss;
}

/** Words that answer a question as well as its answer does: verbs of the same number. */
function equalAnswers(answer: string): readonly string[] {
  const number = [0, 1].find((form) => verbs.some((forms) => forms[form] === answer));
  return number === undefined ? [answer] : verbs.map((forms) => forms[number]);
}

/** Asks all questions in one batch. */
export async function ask(
  model: LanguageModel,
  questions: readonly Question[],
  interventions: Interventions = {},
): Promise<Accuracy> {
  const prompts = questions.map(({ prompt }) => prompt);
  const cache = await model.run(prompts, { interventions });
  const logits = cache.last("output"); // (batch, vocab)
  const best = toFlat(mx.argmax(logits, -1));
  const flat = toFlat(logits);
  const logit = (row: number, word: string) => flat[row * logits.shape[1] + encodeWords([word])[0]];
  const share = (right: (question: Question, row: number) => boolean) =>
    questions.filter(right).length / questions.length;
  const withFoil = questions.every(({ foil }) => foil !== undefined);
  return {
    questions: questions.length,
    best: share(({ answer }, row) => encodeWords(equalAnswers(answer)).includes(best[row])),
    ...(withFoil && {
      overFoil: share(({ answer, foil }, row) => logit(row, answer) > logit(row, foil!)),
    }),
  };
}

/** `<bos>`, the words, and the words again. */
export function repeatWords(sequence: string): number[] {
  const ids = encodeWords(sequence.split(" "));
  return [bosId, ...ids, ...ids];
}

/** How well a model copies repeated sequences of one length. */
export async function measureCopies(
  model: LanguageModel,
  sequences: readonly string[],
  interventions: Interventions = {},
): Promise<CopyLoss> {
  const ids = sequences.map(repeatWords);
  const cache = await model.run(ids, { interventions });
  const targets = mx.array(
    ids.map((row) => row.slice(1)),
    mx.int32,
  );
  const logits = cache.get("output").index(mx.Slice(), mx.Slice(0, -1));
  const losses = Array.from(toFlat(mx.mean(nextTokenLoss(logits, targets), 0))); // (position)
  const length = losses.length / 2;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value) / values.length;
  return { first: mean(losses.slice(0, length)), second: mean(losses.slice(length + 1)) };
}

/** All abilities, one after the other. */
export async function evaluateAbilities(
  model: LanguageModel,
  questions: Questions,
): Promise<Abilities> {
  return {
    indirectObject: await ask(model, questions.indirectObject),
    facts: await ask(model, questions.facts),
    agreement: await ask(model, questions.agreement),
    pronouns: await ask(model, questions.pronouns),
    copies: await measureCopies(model, questions.randomSequences),
  };
}
