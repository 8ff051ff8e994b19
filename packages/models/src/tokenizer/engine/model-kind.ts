/** What every model of a tokenizer.json can do. */
import { TokenizerFileError } from "./step.js";
import type { Vocabulary } from "./vocabulary.js";

export interface Model extends Vocabulary {
  readonly unknown: number | undefined;
  encode(word: string): readonly number[];
}

/** A model cannot write what it has no token for. */
export function noUnknown(): TokenizerFileError {
  return new TokenizerFileError(
    "it has no token for a word of this text, and its unk_token is not in its vocab",
  );
}
