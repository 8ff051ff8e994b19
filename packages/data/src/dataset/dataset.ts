/** What a dataset is: prompts one after the other, of which only a batch is ever held. */
import { InvalidArgumentError, isArray } from "@mlxterp/mlx";

/** One text, or the ids of one sequence, fed as they are. */
export type DatasetPrompt = string | readonly number[];

/**
 * Lists, generators, readers of files, database cursors: whatever can be gone through. A collection that shall be
 * resumable needs one that gives the same prompts in the same order each time it is made.
 */
export type Dataset = Iterable<DatasetPrompt> | AsyncIterable<DatasetPrompt>;

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what cannot be gone through, and for one text */
export async function* promptsOf(dataset: Dataset): AsyncGenerator<DatasetPrompt, void, undefined> {
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
  yield* dataset;
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
