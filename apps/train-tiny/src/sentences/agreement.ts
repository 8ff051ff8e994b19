/** "The keys near the cabinet are old .": the verb follows the subject, not the noun beside it. */
import type { Random } from "../random.js";
import { nouns, prepositions, qualities, verbs } from "../words.js";
import { type Ability, drawUntil, fill, fixedWords, type Split } from "./sentence.js";

const templates = [
  "The {subject} {preposition} the {distractor} {verb} {quality} .",
  "The {quality} {subject} {preposition} the {distractor} {verb} {predicate} .",
  "We know that the {subject} {preposition} the {distractor} {verb} {quality} .",
  "The {subject} that stood {preposition} the {distractor} {verb} {quality} .",
];

const plain = ["The {subject} {verb} {quality} .", "We know that the {subject} {verb} {quality} ."];

const one = 0;
const many = 1;

/** Pairs of subject and distractor are held out; held-out distractors always have the other number. */
export const agreement: Ability = {
  vocabulary: [
    ...nouns.flat(),
    ...prepositions,
    ...verbs.flat(),
    ...qualities,
    ...fixedWords([...templates, ...plain]),
  ],
  draw(random, split) {
    const [subject, distractor] = drawUntil(
      split,
      () => random.sample(nouns, 2),
      (chosen) => `${chosen[0][0]}>${chosen[1][0]}`,
    );
    const number = random.pick([one, many]);
    const verb = random.pick(verbs);
    const [quality, predicate] = random.sample(qualities, 2);
    const slots = {
      subject: subject[number],
      distractor: distractor[distractorNumber(random, split, number)],
      preposition: random.pick(prepositions),
      verb: verb[number],
      quality,
      predicate,
    };
    const short = split === "train" && random.next() < 0.15;
    return fill(random.pick(short ? plain : templates), slots, "verb", verb[1 - number]);
  },
};

function distractorNumber(random: Random, split: Split, subjectNumber: number): number {
  return split === "heldOut" ? 1 - subjectNumber : random.pick([one, many]);
}
