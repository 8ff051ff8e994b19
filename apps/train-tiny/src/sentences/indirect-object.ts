/** "Mary and John went to the park . John gave a ball to Mary .": the receiver is the name said once. */
import { names, places, things } from "../words.js";
import { type Ability, drawUntil, fill, fixedWords } from "./sentence.js";

const templates = [
  "{first} and {second} went to the {place} . {giver} {verb} a {thing} to {receiver} .",
  "When {first} and {second} went to the {place} , {giver} {verb} a {thing} to {receiver} .",
  "Then {first} and {second} had a long day at the {place} . {giver} {verb} the {thing} to {receiver} .",
  "After {first} and {second} came to the {place} , {giver} {verb} the {thing} to {receiver} .",
  "While {first} and {second} were working at the {place} , {giver} {verb} a {thing} to {receiver} .",
  "The friends {first} and {second} found a {thing} at the {place} . {giver} {verb} it to {receiver} .",
  "{first} met {second} at the {place} and {giver} {verb} a {thing} to {receiver} .",
  "{first} was with {second} near the {place} . Then {giver} {verb} the {thing} to {receiver} .",
  // With a third name, neither the last name nor any name but the giver's is the answer.
  "{other} saw {first} and {second} at the {place} . {giver} {verb} a {thing} to {receiver} .",
  "{first} and {second} found a {thing} that {other} lost . {giver} {verb} it to {receiver} .",
  "When {first} and {second} came to the {place} , {giver} {verb} a {thing} from {other} to {receiver} .",
  "Then {first} and {second} went home . {giver} {verb} the {thing} of {other} to {receiver} .",
];

const verbs = ["gave", "handed", "showed", "passed", "sold", "brought", "offered", "lent"];

/** Pairs of names are held out, whatever their order: no training sentence ever has both. */
export const indirectObject: Ability = {
  vocabulary: [...names, ...places, ...things, ...verbs, ...fixedWords(templates)],
  draw(random, split) {
    const [first, second] = drawUntil(
      split,
      () => random.sample(names, 2),
      (pair) => [...pair].sort().join("+"),
    );
    const [giver, receiver] = random.next() < 0.5 ? [first, second] : [second, first];
    const slots = {
      first,
      second,
      other: random.pick(names.filter((name) => name !== first && name !== second)),
      giver,
      receiver,
      verb: random.pick(verbs),
      place: random.pick(places),
      thing: random.pick(things),
    };
    return fill(random.pick(templates), slots, "receiver", giver);
  },
};
