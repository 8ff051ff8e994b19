/** Batches of a store's rows, in order or shuffled, for any number of epochs. */
import {
  checkInteger,
  checkList,
  checkOptions,
  checkPositiveInteger,
  checkSignal,
  checkWholeNumber,
  type MxArray,
  release,
} from "@mlxterp/mlx";
import { permutation, seedOf } from "./permutation.js";
import type { ActivationStore } from "./store.js";

export interface StoreBatchOptions {
  readonly batchSize: number;
  /** What to read; default every site of the store, and what stands beside rows. */
  readonly sites?: readonly string[];
  /** The seed of a random order, another in each epoch; default the order of the dataset. */
  readonly shuffle?: number;
  /** How often every row comes; default 1. */
  readonly epochs?: number;
  /** Batches to leave out at the start, of all epochs together: what an earlier run has seen. */
  readonly skip?: number;
  readonly signal?: AbortSignal;
}

/** Some rows of a store. */
export interface StoreBatch {
  /** From 0. */
  readonly epoch: number;
  /** The number of the batch, from 0, of all epochs together. */
  readonly step: number;
  /** The numbers of the rows; `store.origins` tells where they come from. */
  readonly rows: readonly number[];
  /** By site: (rows, …), float32 or int32. */
  readonly activations: Readonly<Record<string, MxArray>>;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkBatchOptions(options: StoreBatchOptions): void {
  checkOptions<StoreBatchOptions>("batches", options, {
    batchSize: checkPositiveInteger,
    sites: checkList,
    shuffle: checkInteger,
    epochs: checkPositiveInteger,
    skip: checkWholeNumber,
    signal: checkSignal,
  });
  checkPositiveInteger("batchSize", options.batchSize); // the only one that cannot be left out
}

/** The last batch of an epoch may be smaller, so that each row comes once. */
export async function* batchesOf(
  store: ActivationStore,
  options: StoreBatchOptions,
): AsyncGenerator<StoreBatch, void, undefined> {
  const { epochs = 1, skip = 0, signal, batchSize: size } = options;
  const sites = options.sites ?? [...store.sites, ...store.columns].map(({ site }) => site);
  const perEpoch = Math.ceil(store.rows / size);
  for (let step = skip; step < perEpoch * epochs; step++) {
    signal?.throwIfAborted();
    const epoch = Math.floor(step / perEpoch);
    const rows = rowsOf(store.rows, size, step % perEpoch, orderOf(store.rows, options, epoch));
    const arrays = sites.map((site) => [site, store.read(site, rows)]);
    yield { epoch, step, rows, activations: Object.fromEntries(arrays) };
    await release(); // what the caller dropped is freed even if it never evaluates anything
  }
}

type Order = (place: number) => number;

function orderOf(rows: number, { shuffle }: StoreBatchOptions, epoch: number): Order {
  return shuffle === undefined ? (place) => place : permutation(rows, seedOf(shuffle, epoch));
}

function rowsOf(rows: number, size: number, batch: number, order: Order): number[] {
  const start = batch * size;
  const length = Math.min(size, rows - start);
  return Array.from({ length }, (_, index) => order(start + index));
}
