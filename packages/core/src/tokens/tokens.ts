/** Prompts as the model receives them: token ids in a rectangle, with each prompt's true length. */
import type { MxArray } from "@mlxterp/mlx";

/** What core asks of a tokenizer; `@mlxterp/models` has one for every checkpoint. */
export interface Tokenizer {
  /** The ids of a text, with the special tokens the tokenizer adds by itself (such as BOS). */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** The exact piece of text behind each id, for showing. */
  pieces(ids: readonly number[]): string[];
  /** Rows of the vocabulary, added tokens included. */
  readonly vocabSize: number;
  /** What fills the rectangle; any valid id will do, since real tokens never see it. */
  readonly padId?: number;
}

/** A batch of prompts, padded to one length. */
export interface TokenBatch {
  /** The ids that were fed, without padding, one list per prompt. */
  readonly ids: readonly (readonly number[])[];
  /** The number of real tokens of each prompt. */
  readonly lengths: readonly number[];
  /** On which side the padding stands. */
  readonly padding: "right" | "left";
  /** (batch, position) int32 */
  readonly array: MxArray;
}

/**
 * Whatever a model takes as a prompt; a float array goes to the module as it is. A batch that `model.tokens` made is
 * taken as it is too, so that a prompt is tokenized once.
 */
export type Prompt =
  | string
  | TokenBatch
  | readonly string[]
  | readonly number[]
  | readonly (readonly number[])[]
  | MxArray;
