/** What a model of two texts is given beside the one that is read: texts and lists of ids become one rectangle. */
import { type Prompt, type Tokenizer, tokenBatch } from "@mlxterp/core";
import { checkRecord, InvalidArgumentError, isArray, type MxArray, mx } from "@mlxterp/mlx";
import type { EncoderDecoderPassOptions } from "./encoder-decoder.js";

/** The options of a pass, in which what is written may be a text. */
export interface EncoderDecoderRunOptions extends Omit<EncoderDecoderPassOptions, "written"> {
  /**
   * What has been written: a text or ids for each that is read, all of one length, before which the start token is put; or an
   * array (batch, target) with it. Default: nothing but the start token.
   */
  readonly written?: Prompt;
}

interface Reading {
  readonly tokenizer: Tokenizer | undefined;
  readonly vocab: number;
  readonly startToken: number;
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for rows of different lengths, InvalidPromptError (`INVALID_PROMPT`),
 * TokenRangeError (`TOKEN_RANGE`)
 */
export function passOptions(
  given: unknown,
  { tokenizer, vocab, startToken }: Reading,
): EncoderDecoderPassOptions {
  if (given === undefined) return {};
  checkRecord("args[0]", given);
  const { written, ...others } = given as EncoderDecoderRunOptions;
  if (written === undefined) return others;
  if (isArray(written)) return { ...others, written };
  const { ids, lengths } = tokenBatch(withoutMarks(written, tokenizer), {
    ...{ tokenizer, vocab, maxPositions: undefined },
  });
  if (new Set(lengths).size > 1) {
    const rule = `texts that are written must have one number of tokens, not ${lengths.join(", ")}. Give one at a time.`;
    throw new InvalidArgumentError("written", written, rule);
  }
  const first = others.cache?.length ? [] : [startToken];
  return { ...others, written: rectangle(ids.map((row) => [...first, ...row])) };
}

const rectangle = (rows: readonly (readonly number[])[]): MxArray => mx.array(rows, mx.int32);

/** Texts as ids, without the mark that ends one. */
function withoutMarks(written: Prompt, tokenizer: Tokenizer | undefined): Prompt {
  if (!tokenizer) return written;
  const encode = tokenizer.encode.bind(tokenizer) as (
    text: string,
    options: { readonly addSpecialTokens: boolean },
  ) => number[];
  const ids = (one: unknown) =>
    typeof one === "string" ? encode(one, { addSpecialTokens: false }) : one;
  return (Array.isArray(written) ? written.map(ids) : ids(written)) as Prompt;
}
