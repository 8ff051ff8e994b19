/** Activations of a whole dataset, one batch after the other. */
import { checkModel, largestCast, requireHeld } from "@mlxterp/core";
import { asAsked, brief, evaluate, type MxArray } from "@mlxterp/mlx";
import {
  type Dataset,
  type DatasetItem,
  type DatasetPrompt,
  inBatches,
  promptOf,
  promptsOf,
} from "../dataset/dataset.js";
import { InvalidSequenceError } from "../errors.js";
import { columnsOf } from "./columns.js";
import { checkStreamOptions, type DataModel, type StreamOptions } from "./options.js";
import { chooseRows, keptAs, type RowOrigins, takeRows } from "./rows.js";

/** The activations of one pass. */
export interface ActivationBatch extends RowOrigins {
  /** The sequences of the dataset that were fed, `end` excluded. */
  readonly sequences: { readonly start: number; readonly end: number };
  /** The ids that were fed, without padding. */
  readonly tokens: readonly (readonly number[])[];
  /** The number of chosen tokens. */
  readonly rows: number;
  /** By site: (rows, …), and columns as `#name`: (rows), computed. Without any entry when no token of the batch was chosen. */
  readonly activations: Readonly<Record<string, MxArray>>;
}

/**
 * Runs a model over a dataset of any length. Memory is that of one batch: nothing of the dataset, and no earlier
 * batch, is held.
 *
 * @param dataset texts or token ids; see `readLines` and `cutIntoSequences`
 * @throws UnknownSiteError (`UNKNOWN_SITE`), MissingAxisError (`MISSING_AXIS`) for a site without positions,
 * RowShapeError (`ROW_SHAPE`), InvalidSequenceError (`INVALID_SEQUENCE`), OutOfRangeError (`OUT_OF_RANGE`) for a
 * position that a sequence does not have, DtypeOverflowError (`DTYPE_OVERFLOW`) for float16; the signal's reason
 * @example
 * for await (const batch of streamActivations(model, ["Once upon a time", "Lily saw"], { save: "layers.2" })) {
 *   batch.activations["layers.2"].shape; // (rows, hidden)
 *   batch.token; // the ids the rows stand at
 * }
 */
export function streamActivations(
  model: DataModel,
  dataset: Dataset,
  options: StreamOptions,
): AsyncGenerator<ActivationBatch, void, undefined> {
  checkStreamOptions("streamActivations", options);
  checkModel("model", model);
  return streamFrom(model, promptsOf(dataset), asAsked(options), { sequences: 0, rows: 0 });
}

/** @param done what earlier runs collected: numbers go on from there */
export async function* streamFrom(
  model: DataModel,
  prompts: AsyncIterable<DatasetItem>,
  options: StreamOptions,
  done: { readonly sequences: number; readonly rows: number },
): AsyncGenerator<ActivationBatch, void, undefined> {
  const { batchSize: size = 8 } = options;
  let { sequences, rows } = done;
  for await (const batch of inBatches(prompts, size)) {
    options.signal?.throwIfAborted();
    const result = await runBatch(model, batch, options, sequences);
    sequences += batch.length;
    rows += result.rows;
    yield result;
    options.onProgress?.({ sequences, rows });
  }
}

/** One pass. Peak memory is one layer's work and the rows. */
async function runBatch(
  model: DataModel,
  prompts: readonly DatasetItem[],
  options: StreamOptions,
  first: number,
): Promise<ActivationBatch> {
  const { facts, activations, checks } = lazyBatch(model, prompts, options, first);
  await evaluate([...Object.values(activations), ...Object.values(checks)]);
  const { start, end } = facts.sequences;
  for (const [site, largest] of Object.entries(checks)) {
    requireHeld(site, options.dtype ?? "float32", largest, ` in sequences ${start} … ${end - 1}`);
  }
  return { ...facts, activations };
}

function lazyBatch(
  model: DataModel,
  items: readonly DatasetItem[],
  options: StreamOptions,
  first: number,
) {
  const { save, interventions, positions, dtype = "float32", columns: types = {} } = options;
  const prompts = items.map(promptOf);
  const tokens = tokenIds(model, prompts, first);
  const chosen = chooseRows(tokens, positions, first);
  const sequences = { start: first, end: first + prompts.length };
  const facts = { ...chosen.origins, sequences, tokens, rows: chosen.inBatch.length };
  const lengths = tokens.map(({ length }) => length);
  const columns = columnsOf(items, types, chosen, lengths, first);
  const activations: Record<string, MxArray> = {};
  const checks: Record<string, MxArray> = {};
  if (facts.rows === 0) return { facts, activations, checks };
  const cache = model.collectLazily(tokens, { save, interventions });
  for (const site of cache.keys()) {
    const rows = takeRows(cache, site, chosen);
    activations[site] = keptAs(rows, dtype);
    const largest = largestCast(rows, dtype);
    if (largest) checks[site] = largest;
  }
  Object.assign(activations, columns);
  return { facts, activations, checks };
}

/** What would be fed; whatever cannot be is told by its number in the dataset. */
function tokenIds(
  model: DataModel,
  prompts: readonly DatasetPrompt[],
  first: number,
): readonly (readonly number[])[] {
  try {
    return fed(model, prompts);
  } catch (cause) {
    prompts.forEach((prompt, row) => {
      checkAlone(model, prompt, first + row);
    });
    throw cause;
  }
}

function checkAlone(model: DataModel, prompt: DatasetPrompt, sequence: number): void {
  try {
    fed(model, [prompt]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : brief(cause);
    throw new InvalidSequenceError(sequence, reason, { cause });
  }
}

function fed(model: DataModel, prompts: readonly DatasetPrompt[]): readonly (readonly number[])[] {
  return model.tokens(prompts as readonly string[]).ids; // lists may hold both texts and ids
}
