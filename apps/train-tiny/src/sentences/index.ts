/** The abilities, by name, and the closed vocabulary of all their sentences. */
import { agreement } from "./agreement.js";
import { fact } from "./fact.js";
import { indirectObject } from "./indirect-object.js";
import { pronoun } from "./pronoun.js";
import type { Ability } from "./sentence.js";

export const abilities = { indirectObject, fact, agreement, pronoun } satisfies Record<
  string,
  Ability
>;

export type AbilityName = keyof typeof abilities;

/** Every word of every sentence, once, in alphabetical order of code points. */
export const words: readonly string[] = [
  ...new Set(Object.values(abilities).flatMap((ability: Ability) => ability.vocabulary)),
].sort();
