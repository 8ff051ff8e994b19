/** Held-out questions for each ability, as they are shipped beside the weights. */
import { seededRandom } from "./random.js";
import { allFacts } from "./sentences/fact.js";
import { abilities, words } from "./sentences/index.js";
import type { Sentence } from "./sentences/sentence.js";
import { verbs } from "./words.js";

/** A prompt that ends where the answer should come. */
export interface Question {
  readonly prompt: string;
  readonly answer: string;
  /** The wrong answer that stands nearest; facts have none. */
  readonly foil?: string;
}

/** Everything that measures the model; none of it was trained on. */
export interface Questions {
  readonly indirectObject: readonly Question[];
  readonly facts: readonly Question[];
  readonly agreement: readonly Question[];
  readonly pronouns: readonly Question[];
  /** The verbs that agreement chooses from, singular and plural. */
  readonly verbs: readonly (readonly [singular: string, plural: string])[];
  /** Sequences of different random words; repeat one to test induction. */
  readonly randomSequences: readonly string[];
}

const counts = { indirectObject: 200, agreement: 120, pronouns: 60, sequences: 32 };
const sequenceLength = 20;

function question({ words: sentence, answerAt, foil }: Sentence): Question {
  const prompt = sentence.slice(0, answerAt).join(" ");
  return { prompt, answer: sentence[answerAt], ...(foil !== undefined && { foil }) };
}

/** Draws the questions: every fact once, in its held-out phrasing, and a sample of the rest. */
export function drawQuestions(seed: number): Questions {
  const random = seededRandom(`${seed}/questions`);
  const draw = (ability: keyof typeof abilities, count: number) =>
    Array.from({ length: count }, () => question(abilities[ability].draw(random, "heldOut")));
  return {
    indirectObject: draw("indirectObject", counts.indirectObject),
    facts: allFacts("heldOut").map(question),
    agreement: draw("agreement", counts.agreement),
    pronouns: draw("pronoun", counts.pronouns),
    verbs,
    randomSequences: Array.from({ length: counts.sequences }, () =>
      random.sample(words, sequenceLength).join(" "),
    ),
  };
}
