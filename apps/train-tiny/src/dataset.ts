/** Training documents: packed sentences or repeated random words, all of one length. */
import type { Random } from "./random.js";
import { type AbilityName, abilities, words } from "./sentences/index.js";
import { bosId, encodeWords, eosId, padId } from "./vocabulary.js";

export interface DatasetOptions {
  /** Tokens of a document, `<bos>` included. */
  readonly length: number;
  /** The share of documents that repeat random words. */
  readonly repeated: number;
  /** How often a sentence tests each ability, in any unit. */
  readonly weights: Readonly<Record<AbilityName, number>>;
}

export const defaultDataset: DatasetOptions = {
  length: 64,
  repeated: 0.35,
  weights: { indirectObject: 4, fact: 3, agreement: 2, pronoun: 1.5 },
};

/** Draws one training document of exactly `length` ids. */
export function drawDocument(random: Random, options: DatasetOptions): number[] {
  const { length, repeated } = options;
  return random.next() < repeated
    ? drawRepeatedDocument(random, length)
    : drawSentences(random, options);
}

/**
 * `<bos>`, up to eight random words, then a sequence of different random words again and again until
 * the document is full. Its length and place vary, so that only the content tells where the copy stands.
 */
function drawRepeatedDocument(random: Random, length: number): number[] {
  const prefix = random.below(9);
  const longest = Math.floor((length - 1 - prefix) / 2);
  const period = 4 + random.below(longest - 3);
  const drawn = encodeWords(random.sample(words, prefix + period));
  const document = [bosId, ...drawn];
  while (document.length < length) document.push(...drawn.slice(prefix));
  return document.slice(0, length);
}

/** `<bos>`, then training sentences as long as they fit, then `<eos>` and padding. */
function drawSentences(random: Random, { length, weights }: DatasetOptions): number[] {
  const document = [bosId];
  for (;;) {
    const { draw } = abilities[pickWeighted(random, weights)];
    const sentence = encodeWords(draw(random, "train").words);
    if (document.length + sentence.length >= length) break;
    document.push(...sentence);
  }
  document.push(eosId);
  while (document.length < length) document.push(padId);
  return document;
}

function pickWeighted(random: Random, weights: Readonly<Record<AbilityName, number>>): AbilityName {
  const entries = Object.entries(weights) as [AbilityName, number][];
  let rest = random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    rest -= weight;
    if (rest < 0) return name;
  }
  return entries[entries.length - 1][0];
}
