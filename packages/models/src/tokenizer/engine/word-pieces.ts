/** Word pieces: the longest token that a word begins with, and again for the rest. Source: google-research/bert, tokenization.py. */
import { type Model, noUnknown } from "./model-kind.js";
import { readAffix, readCount, type Step, TokenizerFileError } from "./step.js";
import { readUnknown, readVocabulary } from "./vocabulary.js";

/** Words longer than the usual 100 characters are allowed by a file, but not to search for hours. */
const mostSteps = 2 ** 28;

/** @throws TokenizerFileError */
export function createWordPieces(model: Step): Model {
  const vocabulary = readVocabulary(model);
  const unknown = readUnknown(model, vocabulary);
  const prefix = readAffix(model, "continuing_subword_prefix", "##");
  const limit = readCount(model, "max_input_chars_per_word", 100);
  let longest = 0;
  for (const token of vocabulary.ids.keys()) longest = Math.max(longest, token.length);
  const longestPiece = (word: string, places: readonly number[], from: number) => {
    for (let to = Math.min(places.length - 1, from + longest); to > from; to--) {
      const text = word.slice(places[from], places[to]);
      const id = vocabulary.ids.get(from > 0 ? prefix + text : text);
      if (id !== undefined) return { id, to };
    }
    return undefined;
  };
  const encode = (word: string) => {
    const places = placesOf(word);
    const last = places.length - 1;
    if (last > limit) return undefined;
    const found: number[] = [];
    let [from, steps] = [0, 0];
    while (from < last) {
      steps += Math.min(longest, last - from) ** 2;
      if (steps > mostSteps) throw new TokenizerFileError("its words are too long to search");
      const piece = longestPiece(word, places, from);
      if (!piece) return undefined;
      found.push(piece.id);
      from = piece.to;
    }
    return found;
  };
  return {
    ...vocabulary,
    unknown,
    encode: (word) => {
      const found = encode(word);
      if (found) return found;
      if (unknown === undefined) throw noUnknown();
      return [unknown];
    },
  };
}

/** Where the characters of a word begin, and where the last one ends. */
function placesOf(word: string): number[] {
  const places = [0];
  for (const character of word) places.push(places[places.length - 1] + character.length);
  return places;
}
