/** "The capital of France is Paris .": facts, each with one phrasing that training never shows. */
import { type Relation, relations } from "../facts.js";
import { type Ability, fill, fixedWords, type Sentence, type Split } from "./sentence.js";

/** A fact holds out the phrasing whose turn it is: the first fact the first, the second the second … */
function phrasingsOf(relation: Relation, factIndex: number, split: Split): string[] {
  const heldOut = factIndex % relation.phrasings.length;
  return relation.phrasings.filter((_, index) => (index === heldOut) === (split === "heldOut"));
}

/** Every fact in every phrasing of one side of the split, in a fixed order. */
export function allFacts(split: Split): Sentence[] {
  return relations.flatMap((relation) =>
    relation.pairs.flatMap(([subject, answer], index) =>
      phrasingsOf(relation, index, split).map((phrasing) =>
        fill(phrasing, { subject, answer }, "answer"),
      ),
    ),
  );
}

const sentences = { train: allFacts("train"), heldOut: allFacts("heldOut") };

export const fact: Ability = {
  vocabulary: relations.flatMap(({ phrasings, pairs }) => [
    ...fixedWords(phrasings),
    ...pairs.flat(),
  ]),
  draw: (random, split) => random.pick(sentences[split]),
};
