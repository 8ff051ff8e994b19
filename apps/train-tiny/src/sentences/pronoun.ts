/** "Mary lost the ball because she was tired .": the pronoun follows the name's gender. */
import { feelings, femaleNames, maleNames, names, places, things } from "../words.js";
import { type Ability, drawUntil, fill, fixedWords } from "./sentence.js";

const templates: readonly (readonly [template: string, answer: "she" | "her" | "herself"])[] = [
  ["{name} lost the {thing} because {she} was {feeling} .", "she"],
  ["{name} lost {her} {thing} because {she} was {feeling} .", "she"],
  ["{name} looked for {her} {thing} at the {place} .", "her"],
  ["When {name} came home {she} was {feeling} .", "she"],
  ["{name} said that {she} liked the {place} .", "she"],
  ["{name} took {her} {thing} to the {place} .", "her"],
  ["At the {place} {name} hurt {herself} .", "herself"],
  ["{name} wanted a {thing} for {herself} .", "herself"],
];

const feminine = { she: "she", her: "her", herself: "herself" };
const masculine = { she: "he", her: "his", herself: "himself" };
const isFemale = new Set<string>(femaleNames);

/** Pairs of a name and a template are held out. */
export const pronoun: Ability = {
  vocabulary: [
    ...femaleNames,
    ...maleNames,
    ...things,
    ...places,
    ...feelings,
    ...Object.values(feminine),
    ...Object.values(masculine),
    ...fixedWords(templates.map(([template]) => template)),
  ],
  draw(random, split) {
    const [name, [template, answer]] = drawUntil(
      split,
      () => [random.pick(names), random.pick(templates)] as const,
      ([person, [text]]) => `${person}@${text}`,
    );
    const [forms, others] = isFemale.has(name) ? [feminine, masculine] : [masculine, feminine];
    const slots = {
      name,
      thing: random.pick(things),
      place: random.pick(places),
      feeling: random.pick(feelings),
      ...forms,
    };
    return fill(template, slots, answer, others[answer]);
  },
};
