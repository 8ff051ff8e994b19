/** Tasks that come along: templates and words, of which a model's tokenizer decides what is used. */
import { uniformNumbers } from "@mlxterp/mlx";
import { startTokens, usableTokens } from "../shared/vocabulary.js";
import { docstring } from "./docstring.js";
import { drawn, type PairMaker } from "./draw.js";
import { facts } from "./facts.js";
import { greaterThan } from "./greater-than.js";
import type { TaskName } from "./names.js";
import type { TaskPair } from "./task.js";
import { knows, singleTokens } from "./words.js";

const names = ["Mary", "John", "Tom", "Anna", "Sue", "Ben", "Lily", "Max", "Tim", "Sam", "Mia", "Jack", "Emma", "James", "Sarah", "David", "Peter", "Paul", "Kate", "Lucy"]; // biome-ignore format: a list

/** The first names are those of the giver and of the one who gets it; which of them stands first is drawn. */
const gifts: readonly ((first: string, second: string, giver: string) => string)[] = [
  (a, b, s) => `When ${a} and ${b} went to the park, ${s} gave a ball to`,
  (a, b, s) => `${a} and ${b} went to the park. ${s} gave a ball to`,
  (a, b, s) => `${a} and ${b} went to the park . ${s} gave a ball to`,
];

/** Indirect object identification (Wang et al. 2022, arXiv 2211.00593): who is given something. */
const indirectObject: PairMaker = (model, { size, seed }) => {
  const template = gifts.find((make) => knows(model, make("Mary", "John", "John"))) ?? gifts[1];
  const usable = singleTokens(model, template("Mary", "John", "John"), names).filter((name) =>
    knows(model, template(name, "John", name)),
  );
  const lengthOf = (text: string) => model.tokens(text).ids[0].length;
  const pairs = pairsOf(usable).flatMap(([first, second]): TaskPair[] => {
    const [clean, corrupted] = [template(first, second, second), template(first, second, first)];
    if (lengthOf(clean) !== lengthOf(corrupted)) return [];
    return [{ clean, corrupted, answer: first, wrongAnswer: second }];
  });
  return drawn(pairs, { size, seed }, "ioi", "names that are one token");
};

const nouns: readonly (readonly [one: string, many: string])[] = [["boy", "boys"], ["girl", "girls"], ["dog", "dogs"], ["cat", "cats"], ["bird", "birds"], ["toy", "toys"], ["tree", "trees"], ["friend", "friends"], ["flower", "flowers"], ["car", "cars"]]; // biome-ignore format: a list

/** Subject–verb agreement over a noun between (Linzen et al. 2016, arXiv 1611.01368). */
const agreement: PairMaker = (model, { size, seed }) => {
  const context = "The";
  const usable = nouns.filter((both) => singleTokens(model, context, both).length === 2);
  const pairs = usable.flatMap(([one, many]) =>
    usable.flatMap(([between]): TaskPair[] => {
      if (between === one) return [];
      const [clean, corrupted] = [many, one].map((noun) => `The ${noun} near the ${between}`);
      return [{ clean, corrupted, answer: "are", wrongAnswer: "is" }];
    }),
  );
  return drawn(pairs, { size, seed }, "agreement", "nouns that are one token in both numbers");
};

const women = ["Mary", "Anna", "Sue", "Lily", "Mia", "Emma", "Sarah", "Kate", "Lucy"];
const men = ["John", "Tom", "Ben", "Max", "Tim", "Sam", "Jack", "James", "David"];

/** Gendered pronouns (Mathwin et al. 2023). */
const pronouns: PairMaker = (model, { size, seed }) => {
  const [she, he] = [women, men].map((list) => singleTokens(model, "So", list));
  const pairs = she.flatMap((woman) =>
    he.map((man): TaskPair => {
      const [clean, corrupted] = [woman, man].map((name) => `So ${name} is a good friend, isn't`);
      return { clean, corrupted, answer: "she", wrongAnswer: "he" };
    }),
  );
  return drawn(pairs, { size, seed }, "pronouns", "names of women and men that are one token");
};

/**
 * Induction on random tokens (Olsson et al. 2022, arXiv 2209.11895): … A B … A, after which comes B; in the corrupted prompt A was
 * followed by another token. Needs no tokenizer.
 */
const induction: PairMaker = (model, { size, seed }) => {
  const random = uniformNumbers(seed);
  const start = startTokens(model);
  const usable = usableTokens(model, start);
  const length = Math.min(8, usable.length - 1);
  return Array.from({ length: size }, (): TaskPair => {
    const tokens = new Set<number>();
    while (tokens.size <= length) tokens.add(usable[Math.floor(random() * usable.length)]);
    const [other, ...text] = tokens;
    const at = Math.floor(random() * (text.length - 1));
    const corrupted = text.map((id, place) => (place === at + 1 ? other : id));
    const [own, changed] = [text, corrupted].map((ids) => [...start, ...ids, text[at]]);
    return { clean: own, corrupted: changed, answer: text[at + 1], wrongAnswer: other };
  });
};

/** By the name that the command takes. */
export const builtInTasks: Readonly<Record<TaskName, PairMaker>> = {
  ioi: indirectObject,
  agreement,
  pronouns,
  induction,
  "greater-than": greaterThan,
  facts,
  docstring,
};

function pairsOf(list: readonly string[]): [string, string][] {
  return list.flatMap((first) =>
    list.flatMap((second): [string, string][] => (first === second ? [] : [[first, second]])),
  );
}
