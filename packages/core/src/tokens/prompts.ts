/** From whatever a user calls a prompt to checked token ids in a rectangle. */
import {
  brief,
  checkInteger,
  checkList,
  checkOptions,
  checkPositiveInteger,
  isArray,
  isFloating,
  type MxArray,
  mx,
  toFlat,
} from "@mlxterp/mlx";
import { InvalidPromptError, TokenRangeError } from "../errors.js";
import type { Prompt, TokenBatch, Tokenizer } from "./tokens.js";

/** What is known of the model's limits. */
export interface PromptLimits {
  readonly tokenizer: Tokenizer | undefined;
  readonly vocab: number | undefined;
  readonly maxPositions: number | undefined;
}

/** Whether an input is an array that goes to the module as it is: floats, or more than two axes. */
export function isPlainInput(input: Prompt): input is MxArray {
  return isArray(input) && (isFloating(input.dtype) || input.ndim > 2 || input.ndim === 0);
}

/** Whether prompts have been tokenized and padded already. */
export function isTokenBatch(input: unknown): input is TokenBatch {
  return typeof input === "object" && input !== null && "lengths" in input && "padding" in input;
}

/** Rectangles of this module, of which ids, lengths and array are known to agree. */
const made = new WeakSet<TokenBatch>();

/** A batch as it is where it was made here, else made anew from its ids: an array can hold anything. */
function soundBatch(batch: TokenBatch, limits: PromptLimits): TokenBatch {
  const { ids, padding } = batch;
  if (
    !made.has(batch) &&
    !(Array.isArray(ids) && ids.every(Array.isArray) && padding === "right")
  ) {
    const rule =
      "A batch of tokens comes from model.tokens(prompts): lists of ids, padded on the right.";
    throw new InvalidPromptError(rule, batch);
  }
  checkPrompts(ids, limits);
  return made.has(batch) ? batch : padRight(ids, limits.tokenizer?.padId ?? 0);
}

function checkPrompts(ids: readonly (readonly number[])[], limits: PromptLimits): void {
  if (ids.length === 0) throw new InvalidPromptError("There is no prompt: the list is empty.", ids);
  ids.forEach((prompt, row) => {
    checkPrompt(prompt, row, limits);
  });
}

/**
 * Tokenizes, checks and pads prompts on the right; a batch that was made so before is only checked again.
 *
 * @returns ids (batch, position) int32 with each prompt's true length
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), InvalidArgumentError
 * (`INVALID_ARGUMENT`) for limits that are no object
 * @example
 * const limits = { tokenizer: undefined, vocab: 507, maxPositions: undefined };
 * tokenBatch([[1, 5, 2], [1]], limits).lengths; // [3, 1]
 */
export function tokenBatch(input: Prompt, limits: PromptLimits): TokenBatch {
  checkOptions<PromptLimits>("limits", limits, {
    ...{ tokenizer: true, vocab: checkPositiveInteger, maxPositions: checkPositiveInteger },
  });
  if (isTokenBatch(input)) return soundBatch(input, limits);
  const ids = promptIds(input, limits.tokenizer).map((prompt) => Array.from(prompt)); // read once, then checked
  checkPrompts(ids, limits);
  return padRight(ids, limits.tokenizer?.padId ?? 0);
}

/**
 * Puts prompts into one rectangle; under a causal mask no real token sees the padding.
 *
 * @example
 * padRight([[1, 5, 2], [1]], 0).array.tolist(); // [[1, 5, 2], [1, 0, 0]]
 */
export function padRight(ids: readonly (readonly number[])[], pad: number): TokenBatch {
  checkRows(ids, pad);
  const lengths = ids.map((prompt) => prompt.length);
  const width = lengths.reduce((longest, length) => Math.max(longest, length), 0);
  const rows = ids.map((prompt) => [
    ...prompt,
    ...new Array<number>(width - prompt.length).fill(pad),
  ]);
  const own = ids.map((prompt) => [...prompt]); // what was fed stays on record, whatever the caller does to the list
  const array = mx.array(rows, mx.int32);
  const batch = Object.freeze({ ids: own, lengths, padding: "right", array } as const);
  made.add(batch);
  return batch;
}

function checkRows(ids: readonly (readonly number[])[], pad: number): void {
  checkInteger("pad", pad);
  checkList("ids", ids);
  for (const [row, prompt] of ids.entries()) {
    checkList(`ids[${row}]`, prompt);
    for (const [place, id] of prompt.entries()) checkInteger(`ids[${row}][${place}]`, id);
  }
}

function promptIds(
  input: Prompt,
  tokenizer: Tokenizer | undefined,
): readonly (readonly number[])[] {
  if (typeof input === "string") return [encode(input, tokenizer)];
  if (isArray(input)) return rowsOf(input);
  const list = listOf(input);
  if (!list) {
    throw new InvalidPromptError(
      "A prompt is a text, a list of texts, a list of token ids, a list of such lists, or an array.",
      input,
    );
  }
  if (list.every((item) => typeof item === "number")) return list.length > 0 ? [list] : [];
  return list.map((item) => {
    if (typeof item === "string") return encode(item, tokenizer);
    const ids = listOf(item);
    if (ids) return ids as readonly number[]; // each id is checked below
    throw new InvalidPromptError(
      "A list of prompts holds either texts or lists of token ids, not single ids among them.",
      input,
    );
  });
}

/** Lists, and typed arrays as lists. */
function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? Array.from(value as unknown as ArrayLike<unknown>)
    : undefined;
}

function encode(text: string, tokenizer: Tokenizer | undefined): number[] {
  if (tokenizer) {
    const ids = tokenizer.encode(text);
    checkList("tokenizer.encode(text)", ids);
    return ids;
  }
  throw new InvalidPromptError(
    "This model has no tokenizer, so a prompt must be a list of token ids. Pass { tokenizer } to use text.",
    text,
  );
}

function rowsOf(array: MxArray): number[][] {
  const width = array.shape[array.ndim - 1];
  const flat = toFlat(array);
  const rows = array.ndim === 1 ? 1 : array.shape[0];
  return Array.from({ length: rows }, (_, row) => [...flat.slice(row * width, (row + 1) * width)]);
}

function checkPrompt(ids: readonly number[], row: number, limits: PromptLimits): void {
  if (ids.length === 0) {
    throw new InvalidPromptError(`Prompt ${row} is empty: it has no token.`, ids);
  }
  if (limits.maxPositions !== undefined && ids.length > limits.maxPositions) {
    throw new InvalidPromptError(
      `Prompt ${row} has ${ids.length} tokens, but this model takes at most ${limits.maxPositions}. Shorten it.`,
      ids,
    );
  }
  const vocab = limits.vocab ?? Number.POSITIVE_INFINITY;
  for (let position = 0; position < ids.length; position++) {
    const id = ids[position];
    if (!Number.isInteger(id)) {
      throw new InvalidPromptError(
        `Prompt ${row} has ${brief(id)} at position ${position}, which is not a token id.`,
        ids,
      );
    }
    if (id < 0 || id >= vocab) throw new TokenRangeError(id, vocab, row, position);
  }
}
