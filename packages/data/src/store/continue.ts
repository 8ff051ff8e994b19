/** Continuing a collection: the same options, the same dataset up to where it had come, the same model. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { originDifferences, type Provenance } from "@mlxterp/results";
import type { DataModel } from "../collect/options.js";
import { type ActivationBatch, streamFrom } from "../collect/stream.js";
import type { DatasetItem } from "../dataset/dataset.js";
import { StoreMismatchError } from "../errors.js";
import type { CollectToDiskOptions } from "./collect-to-disk.js";
import type { CountedPrompts } from "./fingerprint.js";
import type { Collection, Manifest } from "./manifest.js";
import { checkSize } from "./shard-reader.js";
import { type ActivationStore, openStore } from "./store.js";

interface Continuation {
  readonly folder: string;
  readonly model: DataModel;
  readonly prompts: CountedPrompts;
  readonly collection: Collection;
  readonly provenance: Provenance;
  readonly options: CollectToDiskOptions;
}

/**
 * Leaves the dataset where the store ends.
 *
 * @throws StoreMismatchError (`STORE_MISMATCH`)
 */
export async function continueFrom(stored: Manifest, given: Continuation): Promise<void> {
  const { folder, prompts, options } = given;
  compareOptions(stored.collection, given);
  compareOrigins(stored.provenance, given);
  for (const shard of stored.shards) checkSize(folder, shard);
  const tail = await fastForward(stored, given);
  if (prompts.fingerprint !== stored.fingerprint) {
    const [was, is] = [stored.fingerprint, prompts.fingerprint].map((hash) => hash.slice(0, 12));
    throw new StoreMismatchError(folder, "dataset (its hash so far)", was, is);
  }
  if (stored.complete && (await prompts.next()) !== undefined) {
    const field = "dataset (its number of sequences)";
    const [was, is] = [stored.sequences, `more than ${stored.sequences}`];
    throw new StoreMismatchError(folder, field, was, is, "Collect the rest into another folder.");
  }
  if (options.recheck ?? true) await recheck(stored, tail, given);
}

function compareOptions(stored: Collection, { collection, folder }: Continuation): void {
  for (const field of new Set([...Object.keys(stored), ...Object.keys(collection)])) {
    const [value, now] = [stored[field as keyof Collection], collection[field as keyof Collection]];
    if (JSON.stringify(value) === JSON.stringify(now)) continue;
    throw new StoreMismatchError(folder, field, value, now);
  }
}

/** What only rounds differently is left to the numbers, unless nobody is to look at them. */
const libraries = ["mlxterp", "@frost-beta/mlx"];

function compareOrigins(stored: Provenance, { provenance, folder, options }: Continuation): void {
  const checked = options.recheck ?? true;
  const differences = originDifferences(stored, provenance).filter(
    ({ field, decisive }) => decisive && !(checked && libraries.includes(field)),
  );
  for (const { field, was, is } of differences) {
    const rule = "Give the model it was begun with, or collect into another folder.";
    throw new StoreMismatchError(folder, field, was, is, rule);
  }
}

/** @returns the last prompts that were taken: one batch of the last shard's */
async function fastForward(
  stored: Manifest,
  { folder, prompts, options }: Continuation,
): Promise<DatasetItem[]> {
  const kept = Math.min(options.batchSize ?? 8, stored.shards.at(-1)?.sequences ?? 0);
  const tail: DatasetItem[] = [];
  while (prompts.count < stored.sequences) {
    options.signal?.throwIfAborted();
    const prompt = await prompts.next();
    if (prompt === undefined) {
      const field = "dataset (its number of sequences)";
      throw new StoreMismatchError(folder, field, stored.sequences, prompts.count);
    }
    tail.push(prompt);
    if (tail.length > kept) tail.shift();
  }
  return tail;
}

/** Names do not tell whether the functions of interventions are the same, nor samples whether all weights are; numbers do. */
async function recheck(
  stored: Manifest,
  tail: readonly DatasetItem[],
  { folder, model, options }: Continuation,
): Promise<void> {
  if (tail.length === 0) return;
  const from = { sequences: stored.sequences - tail.length, rows: 0 };
  const again = { ...options, onProgress: undefined, batchSize: tail.length };
  const stream = streamFrom(model, inOrder(tail), again, from);
  const { value: batch } = await stream.next();
  if (!batch || batch.rows === 0) return;
  await using store = await openStore(folder);
  const site = await firstDifference(store, batch);
  if (site === undefined) return;
  const rule =
    "Give the model and interventions it was begun with; if they are random by design, pass { recheck: false }.";
  const [was, is] = ["other numbers", `those of ${model.name}`];
  throw new StoreMismatchError(folder, `the activation at ${site}`, was, is, rule);
}

async function* inOrder<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

/** Of the largest value; other batch sizes and machines round differently, half precision keeps 11 or 8 bits. */
const tolerances = { float32: 1e-3, float16: 4e-3, bfloat16: 2e-2, int32: 0 };

async function firstDifference(
  store: ActivationStore,
  batch: ActivationBatch,
): Promise<string | undefined> {
  const last = Array.from({ length: batch.rows }, (_, row) => store.rows - batch.rows + row);
  const origins = store.origins(last);
  if (origins.token.join() !== batch.token.join()) return "the token ids";
  for (const { site, dtype } of store.sites) {
    const [was, is] = [store.read(site, last), batch.activations[site]];
    const differs = !is || was.shape.join() !== is.shape.join();
    if (differs || !areClose(was, is.astype(was.dtype), tolerances[dtype])) return site;
  }
  return undefined;
}

function areClose(a: MxArray, b: MxArray, tolerance: number): boolean {
  const largest = mx.max(mx.abs(a));
  const difference = mx.max(mx.abs(mx.subtract(a, b)));
  const close = Number(difference.item()) <= tolerance * Number(largest.item());
  return close || Boolean(mx.arrayEqual(a, b, true).item()); // also where both are not numbers
}
