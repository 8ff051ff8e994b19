/** What a generated sentence is, and how its combination of words decides on which side of the split it falls. */
import { hash, type Random } from "../random.js";

/** `train` sentences are learnt from; `heldOut` ones hold a combination that training never shows. */
export type Split = "train" | "heldOut";

/** Words, and which of them the model should be able to predict from those before it. */
export interface Sentence {
  readonly words: readonly string[];
  /** The index in `words` of the word that tests the ability. */
  readonly answerAt: number;
  /** The wrong answer that stands nearest: the other name, number or gender. */
  readonly foil?: string;
}

/** Draws one sentence of an ability. */
export type Draw = (random: Random, split: Split) => Sentence;

/** An ability: how to draw its sentences, and every word they can hold. */
export interface Ability {
  readonly draw: Draw;
  readonly vocabulary: readonly string[];
}

const parts = 5;

/**
 * The side of the split on which a combination falls: one in five is held out.
 *
 * @param combination what must not be seen together in training, such as `"Mary+John"`
 */
function splitOf(combination: string): Split {
  return hash(combination) % parts === 0 ? "heldOut" : "train";
}

/** Draws until the combination lies on the wanted side. */
export function drawUntil<T>(split: Split, draw: () => T, combination: (value: T) => string): T {
  for (;;) {
    const value = draw();
    if (splitOf(combination(value)) === split) return value;
  }
}

/**
 * Fills a template such as `"{first} and {second} went home ."`.
 *
 * @param answer the slot that tests the ability; its last occurrence counts
 */
export function fill(
  template: string,
  slots: Readonly<Record<string, string>>,
  answer: string,
  foil?: string,
): Sentence {
  const pieces = template.split(" ");
  const words = pieces.map((piece) => (piece.startsWith("{") ? slots[piece.slice(1, -1)] : piece));
  return { words, answerAt: pieces.lastIndexOf(`{${answer}}`), foil };
}

/** The words of templates that are not slots. */
export function fixedWords(templates: readonly string[]): string[] {
  return templates.flatMap((template) =>
    template.split(" ").filter((piece) => !piece.startsWith("{")),
  );
}
