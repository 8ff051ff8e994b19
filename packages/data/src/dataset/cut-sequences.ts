/**
 * Packing: the tokens of documents, one after the other, cut into sequences of one length.
 *
 * Batches of such sequences need no padding, which is how training of sparse autoencoders feeds a model. What is
 * lost: a sequence may begin in the middle of a document, and attention sees the end of one before the next.
 */
import type { Tokenizer } from "@mlxterp/core";
import {
  brief,
  checkBoolean,
  checkIterable,
  checkList,
  checkMethods,
  checkOptions,
  checkPositiveInteger,
  checkText,
  checkWholeNumber,
  InvalidArgumentError,
} from "@mlxterp/mlx";

export interface CutOptions {
  /** Tokens of every sequence, `bos` included. */
  readonly length: number;
  /** An id that every sequence begins with. Default: none, but those that the tokenizer puts before documents. */
  readonly bos?: number;
  /**
   * Whether documents keep the `bos` that the tokenizer puts before each; false leaves one at the beginning of every
   * sequence and none within, as sparse autoencoders are trained. Default: true.
   */
  readonly innerBos?: boolean;
  /** An id put after every document, for tokenizers that mark no beginning. Default: none. */
  readonly separator?: number;
}

/**
 * Sequences of exactly `length` tokens. Nothing is repeated or left out, except the last tokens that fill no sequence; texts that
 * together fill none are an error.
 *
 * @param texts documents; each is encoded with the special tokens the tokenizer adds by itself
 * @returns can be gone through again, if the texts can
 * @param tokenizer the model's
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a length without room for a token, or a model without tokenizer
 * @example
 * const sequences = cutIntoSequences(readLines("stories.txt"), model.tokenizer, { length: 8 });
 */
export function cutIntoSequences(
  texts: Iterable<string> | AsyncIterable<string>,
  tokenizer: Pick<Tokenizer, "encode"> | undefined,
  options: CutOptions,
): AsyncIterable<number[]> {
  checkOptions<CutOptions>("cutIntoSequences", options, {
    length: checkPositiveInteger,
    bos: checkWholeNumber,
    innerBos: checkBoolean,
    separator: checkWholeNumber,
  });
  if (!tokenizer) {
    const rule = "this model has none, so texts cannot be cut. Give token ids as the dataset.";
    throw new InvalidArgumentError("tokenizer", tokenizer, rule);
  }
  checkMethods("tokenizer", tokenizer, ["encode"], "a tokenizer, with a method encode");
  checkIterable("texts", texts);
  const { length, bos } = options;
  const least = bos === undefined ? 1 : 2;
  if (!Number.isInteger(length) || length < least) {
    const rule = `a sequence holds a whole number of tokens, at least ${least}; ${brief(length)} is none.`;
    throw new InvalidArgumentError("length", length, rule);
  }
  if (options.innerBos === false && bos === undefined) {
    const rule =
      "without inner marks, sequences begin with `bos`: give its id as well, such as tokenizer.bosId.";
    throw new InvalidArgumentError("innerBos", false, rule);
  }
  return { [Symbol.asyncIterator]: () => cut(texts, tokenizer, options) };
}

async function* cut(
  texts: Iterable<string> | AsyncIterable<string>,
  tokenizer: Pick<Tokenizer, "encode">,
  { length, bos, separator, innerBos = true }: CutOptions,
): AsyncGenerator<number[], void, undefined> {
  let sequence: number[] = [];
  let sequences = 0;
  for await (const text of texts) {
    checkText("texts", text);
    const encoded = encode(text, tokenizer);
    const ids = !innerBos && encoded[0] === bos ? encoded.slice(1) : encoded;
    for (const id of separator === undefined ? ids : [...ids, separator]) {
      if (sequence.length === 0 && bos !== undefined && id !== bos) sequence.push(bos); // a document's own mark is enough
      sequence.push(id);
      if (sequence.length < length) continue;
      yield sequence;
      sequences++;
      sequence = [];
    }
  }
  if (sequences > 0 || sequence.length === 0) return;
  const rule = `the texts have ${sequence.length} tokens together, too few for one sequence of ${length}. Give more texts or a smaller length.`;
  throw new InvalidArgumentError("length", length, rule);
}

function encode(text: string, tokenizer: Pick<Tokenizer, "encode">): readonly number[] {
  const ids = tokenizer.encode(text);
  checkList("tokenizer.encode(text)", ids);
  for (const [index, id] of ids.entries()) checkWholeNumber(`tokenizer.encode(text)[${index}]`, id);
  return ids;
}
