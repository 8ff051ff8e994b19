/** The models of a tokenizer.json: the tokens of a word. */
import { createBytePairs } from "./byte-pairs.js";
import { type Model, noUnknown } from "./model-kind.js";
import { readStep, type Step, unknownStep } from "./step.js";
import { createUnigram } from "./unigram.js";
import { readUnknown, readVocabulary } from "./vocabulary.js";
import { createWordPieces } from "./word-pieces.js";

/** @throws TokenizerFileError */
export function createModel(value: unknown): Model {
  const model = readStep(value, "model", 0);
  switch (model.type ?? typeOf(model)) {
    case "BPE":
      return createBytePairs(model);
    case "WordPiece":
      return createWordPieces(model);
    case "Unigram":
      return createUnigram(model);
    case "WordLevel":
      return createWords(model);
    default:
      throw unknownStep("model", model);
  }
}

/** Files of old do not say. */
function typeOf(model: Step): string {
  if (Array.isArray(model.vocab)) return "Unigram";
  if (model.merges !== undefined) return "BPE";
  return model.continuing_subword_prefix === undefined ? "WordLevel" : "WordPiece";
}

function createWords(model: Step): Model {
  const vocabulary = readVocabulary(model);
  const unknown = readUnknown(model, vocabulary);
  return {
    ...vocabulary,
    unknown,
    encode: (word) => {
      const id = vocabulary.ids.get(word) ?? unknown;
      if (id === undefined) throw noUnknown();
      return [id];
    },
  };
}
