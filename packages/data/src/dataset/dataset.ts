/** What a dataset is: prompts one after the other, of which only a batch is ever held. */
import { brief, InvalidArgumentError, isArray } from "@mlxterp/mlx";
import { InvalidSequenceError } from "../errors.js";

/** One text, or the ids of one sequence, fed as they are. */
export type DatasetPrompt = string | readonly number[];

/** A prompt with what is to stand beside its rows, such as a label. */
export interface LabelledPrompt {
  readonly prompt: DatasetPrompt;
  /** By name: one number for all of the prompt's rows, or one for each of its tokens. */
  readonly columns: Readonly<Record<string, number | ArrayLike<number>>>;
}

export type DatasetItem = DatasetPrompt | LabelledPrompt;

/** What is fed of an item. */
export function promptOf(item: DatasetItem): DatasetPrompt {
  return typeof item === "object" && "prompt" in item ? item.prompt : item;
}

/**
 * Lists, generators, readers of files, database cursors: whatever can be gone through. A collection that shall be
 * resumable needs one that gives the same prompts in the same order each time it is made.
 */
export type Dataset = Iterable<DatasetItem> | AsyncIterable<DatasetItem>;

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what cannot be gone through, and for one text;
 * InvalidSequenceError (`INVALID_SEQUENCE`) for a prompt that is none
 */
export async function* promptsOf(dataset: Dataset): AsyncGenerator<DatasetItem, void, undefined> {
  const given: unknown = dataset;
  const iterable =
    typeof given === "object" &&
    given !== null &&
    !isArray(given) &&
    (Symbol.asyncIterator in given || Symbol.iterator in given);
  if (!iterable) {
    const rule =
      "a dataset is a list, generator or stream of prompts; wrap a single text in [ ], and give ids as numbers: array.tolist().";
    throw new InvalidArgumentError("dataset", dataset, rule);
  }
  let sequence = 0;
  for await (const item of dataset) {
    checkItem(item, sequence++);
    yield item;
  }
}

function checkItem(item: unknown, sequence: number): void {
  const isLabelled =
    typeof item === "object" && item !== null && !isArray(item) && "prompt" in item;
  checkPrompt(isLabelled ? item.prompt : item, sequence);
  if (!isLabelled) return;
  const { columns } = item as Partial<LabelledPrompt>;
  if (typeof columns === "object" && columns !== null) return;
  const reason = `its columns are ${brief(columns)}; they are numbers by name: { prompt, columns: { label: 1 } }.`;
  throw new InvalidSequenceError(sequence, reason);
}

/** What is hashed and counted before a model sees it must be a prompt already; its ids the model checks. */
function checkPrompt(prompt: unknown, sequence: number): void {
  if (typeof prompt === "string") return;
  const list =
    Array.isArray(prompt) || (ArrayBuffer.isView(prompt) && !(prompt instanceof DataView));
  if (!list) {
    const given = isArray(prompt) ? "an array of MLX; give array.tolist()" : brief(prompt);
    throw new InvalidSequenceError(
      sequence,
      `it is neither a text nor a list of ids, but ${given}.`,
    );
  }
  const ids: readonly unknown[] = Array.from(prompt as ArrayLike<unknown>);
  const place = ids.findIndex((id) => typeof id !== "number");
  if (place < 0) return;
  const reason = `it has ${brief(ids[place])} at position ${place}, which is not a token id.`;
  throw new InvalidSequenceError(sequence, reason);
}

/** Groups in the order of the source; the last one may be smaller. Takes no prompt before it is needed. */
export async function* inBatches<T>(
  source: AsyncIterable<T>,
  size: number,
): AsyncGenerator<T[], void, undefined> {
  let batch: T[] = [];
  for await (const item of source) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
