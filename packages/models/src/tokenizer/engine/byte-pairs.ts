/**
 * Byte-pair encoding: of all neighbours in a word the pair that comes first in the list of merges becomes one token, the
 * leftmost first, until no pair is in the list. Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
 */

import { MergeQueue } from "./merge-queue.js";
import type { Model } from "./model-kind.js";
import { readAffix, readFlag, type Step, shown, TokenizerFileError } from "./step.js";
import { byteIds, idsOfBytes, readUnknown, readVocabulary, type Vocabulary } from "./vocabulary.js";

/** Two ids as one number; ids are below 2 ** 24. */
const pairOf = (left: number, right: number) => left * 2 ** 24 + right;

interface Merges {
  readonly ranks: ReadonlyMap<number, number>;
  /** The id of the whole, by rank. */
  readonly wholes: Int32Array;
}

interface Rules {
  readonly prefix: string;
  readonly suffix: string;
  readonly ignoresMerges: boolean;
  readonly fusesUnknown: boolean;
  readonly bytes: readonly (number | undefined)[] | undefined;
  readonly unknown: number | undefined;
}

/** Words that are kept with their tokens; most words of a text have come before. */
const remembered = 10_000;
const longestRemembered = 64;

/** @throws TokenizerFileError */
export function createBytePairs(model: Step): Model {
  const vocabulary = readVocabulary(model);
  const rules = readRules(model, vocabulary);
  const merges = readMerges(model, vocabulary, rules.prefix.length);
  const known = new Map<string, readonly number[]>();
  const encode = (word: string): readonly number[] => {
    const whole = rules.ignoresMerges ? vocabulary.ids.get(word) : undefined;
    if (whole !== undefined) return [whole];
    const letters = lettersOf(word, vocabulary, rules);
    return letters.length < 2 ? letters : mergeAll(letters, merges);
  };
  return {
    ...vocabulary,
    unknown: rules.unknown,
    encode: (word) => {
      const before = known.get(word);
      if (before) return before;
      const ids = encode(word);
      if (known.size >= remembered) known.clear();
      if (word.length <= longestRemembered) known.set(word, ids);
      return ids;
    },
  };
}

function readRules(model: Step, vocabulary: Vocabulary): Rules {
  return {
    prefix: readAffix(model, "continuing_subword_prefix"),
    suffix: readAffix(model, "end_of_word_suffix"),
    ignoresMerges: readFlag(model, "ignore_merges", false),
    fusesUnknown: readFlag(model, "fuse_unk", false),
    bytes: readFlag(model, "byte_fallback", false) ? byteIds(vocabulary) : undefined,
    unknown: readUnknown(model, vocabulary),
  };
}

function readMerges(model: Step, { ids }: Vocabulary, prefixLength: number): Merges {
  if (!Array.isArray(model.merges)) {
    throw new TokenizerFileError(`its merges are ${shown(model.merges)}; they have to be a list`);
  }
  const ranks = new Map<number, number>();
  const wholes = new Int32Array(model.merges.length);
  const idOf = (token: string) => {
    const id = ids.get(token);
    if (id !== undefined) return id;
    throw new TokenizerFileError(`a merge names ${shown(token)}, which is not in its vocab`);
  };
  model.merges.forEach((merge: unknown, rank) => {
    const [left, right] = readMerge(merge);
    wholes[rank] = idOf(left + right.slice(prefixLength));
    ranks.set(pairOf(idOf(left), idOf(right)), rank);
  });
  return { ranks, wholes };
}

function readMerge(merge: unknown): readonly string[] {
  const pair: unknown[] =
    typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
  if (pair.length === 2 && pair.every((part) => typeof part === "string")) return pair;
  throw new TokenizerFileError(`a merge is ${shown(merge)}; it has to be a pair of tokens`);
}

/** The tokens of single characters. */
function lettersOf(word: string, { ids }: Vocabulary, rules: Rules): number[] {
  const found: number[] = [];
  let wasUnknown = false;
  let at = 0;
  for (const character of word) {
    const from = at;
    at += character.length;
    const before = from > 0 ? rules.prefix : "";
    const letter = before + character + (at === word.length ? rules.suffix : "");
    const id = ids.get(letter);
    const bytes = id === undefined && rules.bytes ? idsOfBytes(letter, rules.bytes) : undefined;
    const unknown = id === undefined && bytes === undefined;
    if (id !== undefined) found.push(id);
    else if (bytes) found.push(...bytes);
    else if (rules.unknown !== undefined && !(wasUnknown && rules.fusesUnknown)) {
      found.push(rules.unknown);
    }
    wasUnknown = unknown;
  }
  return found;
}

/** Neighbours are linked, since tokens vanish between others. */
function mergeAll(letters: number[], { ranks, wholes }: Merges): number[] {
  const count = letters.length;
  const next = Int32Array.from(letters, (_, index) => index + 1);
  const before = Int32Array.from(letters, (_, index) => index - 1);
  const queue = new MergeQueue();
  const offer = (left: number) => {
    const right = left < 0 ? count : next[left];
    if (right >= count) return;
    const rank = ranks.get(pairOf(letters[left], letters[right]));
    if (rank !== undefined) queue.push(rank, left);
  };
  for (let index = 0; index + 1 < count; index++) offer(index);
  for (let found = queue.pop(); found; found = queue.pop()) {
    const { rank, place } = found;
    const right = letters[place] < 0 ? count : next[place];
    if (right >= count || ranks.get(pairOf(letters[place], letters[right])) !== rank) continue;
    letters[place] = wholes[rank];
    letters[right] = -1; // has become part of the token before it
    next[place] = next[right];
    if (next[right] < count) before[next[right]] = place;
    offer(before[place]);
    offer(place);
  }
  return letters.filter((id) => id >= 0);
}
