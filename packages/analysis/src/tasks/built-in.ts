/** Tasks that come along: templates and words, of which a model's tokenizer decides what is used. */
import { uniformNumbers } from "@mlxterp/mlx";
import type { MetricName } from "../shared/metric-names.js";
import type { AnalysisModel } from "../shared/model.js";
import { startTokens, usableTokens } from "../shared/vocabulary.js";
import { docstring } from "./docstring.js";
import { drawn, type PairMaker, tooFew } from "./draw.js";
import { facts } from "./facts.js";
import { greaterThan } from "./greater-than.js";
import type { TaskName } from "./names.js";
import type { TaskPair } from "./task.js";
import { knows, singleTokens, tokensAfter } from "./words.js";

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
  const ids = idsAfter(model, template("Mary", "John", "John"), usable);
  const lengthOf = (text: string) => model.tokens(text).ids[0].length;
  const pairs = pairsOf(usable).flatMap(([first, second]): TaskPair[] => {
    const [clean, corrupted] = [template(first, second, second), template(first, second, first)];
    if (lengthOf(clean) !== lengthOf(corrupted)) return [];
    return [{ clean, corrupted, answer: ids.get(first)!, wrongAnswer: ids.get(second)! }];
  });
  return drawn(pairs, { size, seed }, "ioi", "names that are one token");
};

const nouns: readonly (readonly [one: string, many: string])[] = [["boy", "boys"], ["girl", "girls"], ["dog", "dogs"], ["cat", "cats"], ["bird", "birds"], ["toy", "toys"], ["tree", "trees"], ["friend", "friends"], ["flower", "flowers"], ["car", "cars"]]; // biome-ignore format: a list

/** Subject–verb agreement over a noun between (Linzen et al. 2016, arXiv 1611.01368). */
const agreement: PairMaker = (model, { size, seed }) => {
  const context = "The";
  const prompt = (noun: string, between: string) => `The ${noun} near the ${between}`;
  const usable = nouns.filter((both) => singleTokens(model, context, both).length === 2);
  if (usable.length === 0) throw tooFew("agreement", "nouns that are one token in both numbers");
  const [[one, many]] = usable;
  const verbs = idsAfter(model, prompt(many, one), ["are", "is"]);
  const [answer, wrongAnswer] = [verbs.get("are"), verbs.get("is")];
  if (answer === undefined || wrongAnswer === undefined) {
    throw tooFew(
      "agreement",
      'nouns and verbs, of which it needs "are" and "is" as one token each',
    );
  }
  const pairs = usable.flatMap(([single, plural]) =>
    usable.flatMap(([between]): TaskPair[] => {
      if (between === single) return [];
      const [clean, corrupted] = [plural, single].map((noun) => prompt(noun, between));
      return [{ clean, corrupted, answer, wrongAnswer }];
    }),
  );
  return drawn(pairs, { size, seed }, "agreement", "nouns that are one token in both numbers");
};

const women = ["Mary", "Anna", "Sue", "Lily", "Mia", "Emma", "Sarah", "Kate", "Lucy"];
const men = ["John", "Tom", "Ben", "Max", "Tim", "Sam", "Jack", "James", "David"];

/** The first is the paper's; others are for tokenizers that do not know its words. */
const friends: readonly ((name: string) => string)[] = [
  (name) => `So ${name} is a good friend, isn't`,
  (name) => `When ${name} came home ,`,
  (name) => `When ${name} came home`,
];

/** Gendered pronouns (Mathwin et al. 2023). */
const pronouns: PairMaker = (model, { size, seed }) => {
  const template = friends
    .map((prompt) => ({ prompt, ids: idsAfter(model, prompt("Mary"), ["she", "he"]) }))
    .find(({ ids }) => ids.size === 2);
  if (!template) {
    throw tooFew(
      "pronouns",
      'words: none of its prompts is known as a whole, with "she" and "he" as one token',
    );
  }
  const { prompt, ids } = template;
  const [she, he] = [women, men].map((list) => list.filter((name) => knows(model, prompt(name))));
  const lengthOf = (text: string) => model.tokens(text).ids[0].length;
  const pairs = she.flatMap((woman) =>
    he.flatMap((man): TaskPair[] => {
      const [clean, corrupted] = [woman, man].map(prompt);
      if (lengthOf(clean) !== lengthOf(corrupted)) return [];
      return [{ clean, corrupted, answer: ids.get("she")!, wrongAnswer: ids.get("he")! }];
    }),
  );
  return drawn(pairs, { size, seed }, "pronouns", "names of women and men of one length in tokens");
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

/** What the paper of a task judges by, where that is not the logit difference. */
export const taskMetrics: Partial<Record<TaskName, MetricName>> = {
  "greater-than": "probabilityDifference",
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

/** Words as the tokens that they are behind a known text, after a blank. */
function idsAfter(model: AnalysisModel, context: string, words: readonly string[]) {
  const found = tokensAfter(
    model,
    context,
    words.map((word) => ` ${word}`),
  );
  return new Map([...found].map(([word, id]) => [word.trim(), id]));
}

function pairsOf(list: readonly string[]): [string, string][] {
  return list.flatMap((first) =>
    list.flatMap((second): [string, string][] => (first === second ? [] : [[first, second]])),
  );
}
