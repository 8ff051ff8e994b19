/** Tests of the sentence generators: closed vocabulary, disjoint split, right answers, seeds. */
import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.js";
import { femaleNames, names, nouns, verbs } from "../words.js";
import { allFacts } from "./fact.js";
import { type AbilityName, abilities, words } from "./index.js";
import type { Sentence, Split } from "./sentence.js";

const all = Object.keys(abilities) as AbilityName[];

function draw(ability: AbilityName, split: Split, count: number): Sentence[] {
  const random = seededRandom(`test/${ability}/${split}`);
  return Array.from({ length: count }, () => abilities[ability].draw(random, split));
}

const text = (sentence: Sentence) => sentence.words.join(" ");

describe.each(all)("%s sentences", (ability) => {
  it.each(["train", "heldOut"] as const)("use only words of the vocabulary (%s)", (split) => {
    const known = new Set(words);
    for (const sentence of draw(ability, split, 500)) {
      expect(sentence.words.filter((word) => !known.has(word))).toEqual([]);
      expect(sentence.words).not.toContain(undefined);
    }
  });

  it("never occur on both sides of the split", () => {
    const trained = new Set(draw(ability, "train", 3000).map(text));
    expect(draw(ability, "heldOut", 1000).filter((one) => trained.has(text(one)))).toEqual([]);
  });

  it("ask for a word inside them, with another word as foil", () => {
    for (const { words: sentence, answerAt, foil } of draw(ability, "heldOut", 200)) {
      expect(answerAt).toBeGreaterThan(0);
      expect(sentence[answerAt]).toBeDefined();
      expect(foil).not.toBe(sentence[answerAt]);
    }
  });

  it("are the same for the same seed and differ for another", () => {
    const sentences = (seed: string) => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => text(abilities[ability].draw(random, "train")));
    };
    expect(sentences("a")).toEqual(sentences("a"));
    expect(sentences("a")).not.toEqual(sentences("b"));
  });
});

describe("indirect objects", () => {
  it("are the name that is said once before", () => {
    for (const { words: sentence, answerAt, foil } of draw("indirectObject", "heldOut", 500)) {
      const before = sentence.slice(0, answerAt);
      expect(before.filter((word) => word === sentence[answerAt])).toHaveLength(1);
      expect(before.filter((word) => word === foil)).toHaveLength(2);
    }
  });

  it("come in both orders", () => {
    const firsts = draw("indirectObject", "heldOut", 500).map(({ words: sentence, answerAt }) => {
      const [first] = sentence.filter((word) => names.includes(word));
      return first === sentence[answerAt];
    });
    expect(firsts.filter(Boolean).length).toBeGreaterThan(150);
    expect(firsts.filter((isFirst) => !isFirst).length).toBeGreaterThan(150);
  });

  it("hold out pairs of names in either order", () => {
    const pair = ({ words: sentence, answerAt, foil }: Sentence) =>
      [sentence[answerAt], foil].sort().join("+");
    const trained = new Set(draw("indirectObject", "train", 5000).map(pair));
    expect(draw("indirectObject", "heldOut", 1000).filter((one) => trained.has(pair(one)))).toEqual(
      [],
    );
  });
});

describe("agreement", () => {
  const singular = new Set(nouns.map(([one]) => one));
  const plural = new Set(nouns.map(([, many]) => many));

  it.each(["train", "heldOut"] as const)("follows the first noun (%s)", (split) => {
    for (const { words: sentence, answerAt } of draw("agreement", split, 500)) {
      const subject = sentence.find((word) => singular.has(word) || plural.has(word))!;
      const number = singular.has(subject) ? 0 : 1;
      expect(verbs.map((forms) => forms[number])).toContain(sentence[answerAt]);
    }
  });

  it("is tested across a noun of the other number", () => {
    for (const { words: sentence, answerAt } of draw("agreement", "heldOut", 200)) {
      const found = sentence
        .slice(0, answerAt)
        .filter((word) => singular.has(word) || plural.has(word));
      expect(found.map((word) => singular.has(word)).sort()).toEqual([false, true]);
    }
  });
});

describe("pronouns", () => {
  it("follow the gender of the name", () => {
    const female = new Set<string>(femaleNames);
    for (const { words: sentence, answerAt } of draw("pronoun", "heldOut", 300)) {
      const name = sentence.find((word) => names.includes(word))!;
      const forms = female.has(name) ? ["she", "her", "herself"] : ["he", "his", "himself"];
      expect(forms).toContain(sentence[answerAt]);
    }
  });
});

describe("facts", () => {
  it("are at least sixty, each with one phrasing held out and the others trained", () => {
    const heldOut = allFacts("heldOut");
    expect(heldOut.length).toBeGreaterThanOrEqual(60);
    expect(allFacts("train").length).toBeGreaterThanOrEqual(3 * heldOut.length);
  });

  it("never ask one question with two answers", () => {
    const answers = new Map<string, string>();
    for (const { words: sentence, answerAt } of [...allFacts("train"), ...allFacts("heldOut")]) {
      const prompt = sentence.slice(0, answerAt).join(" ");
      expect(answers.get(prompt) ?? sentence[answerAt]).toBe(sentence[answerAt]);
      answers.set(prompt, sentence[answerAt]);
    }
  });
});
