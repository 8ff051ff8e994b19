/** Where the rows of a training come from: a store of activations, a model over a dataset, or arrays. */
import { checkModel } from "@mlxterp/core";
import {
  type ActivationStore,
  type DataModel,
  type Dataset,
  type StreamOptions,
  streamActivations,
} from "@mlxterp/data";
import {
  checkInteger,
  checkOptions,
  checkPositiveInteger,
  checkReal,
  checkRecord,
  checkText,
  checkWholeNumber,
  InvalidArgumentError,
  isCallable,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import type { TrainingBatch } from "./parameters.js";

/** What a training reads: the same batches each time it is gone through, in the same order. */
export interface TrainingSource {
  /** For messages and checkpoints: what it is. */
  readonly name: string;
  /**
   * @param batchSize rows of a batch; a rest that fills none is left out
   * @param skip batches to leave out at the start
   */
  batches(batchSize: number, skip: number): AsyncIterable<TrainingBatch>;
}

/** Which sites are read, and for transcoders written; several stand side by side, as crosscoders and transcoders across layers read them. */
export interface SourceSites {
  readonly site: string | readonly string[];
  /** What a transcoder shall predict; default the same site. */
  readonly outputSite?: string | readonly string[];
}

/**
 * Rows of a store, in another random order in each epoch, for as many epochs as the training has steps.
 *
 * @param options the sites, and the seed of the order
 * @example
 * const source = storeSource(store, { site: "layers.2", seed: 1 });
 * source.name; // "layers.2 of a store"
 */
export function storeSource(
  store: ActivationStore,
  options: SourceSites & { readonly seed?: number },
): TrainingSource {
  checkOptions<SourceSites & { readonly seed?: number }>("storeSource", options, {
    ...{ site: checkSites, outputSite: checkSites, seed: checkInteger },
  });
  const { site, outputSite = site, seed = 0 } = options;
  if (!isCallable(store?.batches) || typeof store.rows !== "number") {
    throw new InvalidArgumentError("store", store, "must be a store, such as openStore gives.");
  }
  const [read, written] = [listOf(site), listOf(outputSite)];
  const sites = [...new Set([...read, ...written])];
  return {
    name: `${read.join(", ")} of a store`,
    async *batches(batchSize, skip) {
      checkBatches(batchSize, skip);
      const whole = Math.floor(store.rows / batchSize);
      if (whole === 0) return;
      const perEpoch = Math.ceil(store.rows / batchSize);
      const epochs = Number.MAX_SAFE_INTEGER;
      const first = Math.floor(skip / whole) * perEpoch + (skip % whole);
      const order = { batchSize, sites, shuffle: seed, epochs, skip: first };
      for await (const { activations, rows } of store.batches(order)) {
        if (rows.length < batchSize) continue; // the rest of an epoch
        yield batchOf(activations, read, written);
      }
    },
  };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
function checkBatches(batchSize: unknown, skip: unknown): void {
  checkPositiveInteger("batchSize", batchSize);
  checkWholeNumber("skip", skip);
}

function checkSites(name: string, value: unknown): void {
  for (const site of listOf(value as string)) checkText(name, site);
  if (listOf(value as string).length > 0) return;
  throw new InvalidArgumentError(name, value, "the list is empty.");
}

function listOf(site: string | readonly string[]): readonly string[] {
  return Array.isArray(site) ? site : [site as string];
}

/** Sites side by side, what is read and what is written. */
function batchOf(
  activations: Readonly<Record<string, MxArray>>,
  read: readonly string[],
  written: readonly string[],
): TrainingBatch {
  const beside = (sites: readonly string[]) => {
    const parts = sites.map((site) => asRows(activations[site]));
    return parts.length === 1 ? parts[0] : mx.concatenate(parts, 1);
  };
  const x = beside(read);
  return { x, y: read.join() === written.join() ? x : beside(written) };
}

/**
 * Rows of a model that goes over a dataset while the training runs, in the order of the dataset; it begins again at the end. What a
 * continued training has seen before is run through once more.
 *
 * @example
 * const source = modelSource(model, stories, { site: "layers.2" });
 */
export function modelSource(
  model: DataModel,
  dataset: Dataset,
  given: SourceSites & Omit<StreamOptions, "save">,
): TrainingSource {
  checkRecord("options", given);
  const { site, outputSite = site, ...options } = given;
  const [read, written] = [site, outputSite].map((names) => {
    checkSites("site", names);
    return listOf(names).map((name) => oneSite(model, name));
  });
  const save = [...new Set([...read, ...written])];
  return {
    name: `${read.join(", ")} of a model`,
    async *batches(batchSize, skip) {
      checkBatches(batchSize, skip);
      let left = skip;
      while (true) {
        let count = 0;
        const streamed = streamActivations(model, dataset, { ...options, save });
        const rows = pairs(streamed, read, written);
        for await (const batch of inRows(rows, batchSize)) {
          count++;
          if (left > 0) left--;
          else yield batch;
        }
        if (count === 0) return;
      }
    },
  };
}

/** A site in the library's own spelling. */
function oneSite(model: DataModel, name: string): string {
  checkModel("model", model);
  const found = model.sites(name);
  if (found.length === 1) return found[0].site;
  throw new InvalidArgumentError(
    "site",
    name,
    `one site is needed, and "${name}" names ${found.length}.`,
  );
}

async function* pairs(
  streamed: ReturnType<typeof streamActivations>,
  read: readonly string[],
  written: readonly string[],
): AsyncGenerator<TrainingBatch> {
  for await (const { activations } of streamed) {
    if (activations[read[0]] === undefined) continue; // no token of the batch was chosen
    yield batchOf(activations, read, written);
  }
}

/** Rows in batches of one size, whatever the size of what they come in. */
async function* inRows(
  parts: AsyncIterable<TrainingBatch>,
  size: number,
): AsyncGenerator<TrainingBatch> {
  let held: TrainingBatch[] = [];
  let rows = 0;
  for await (const part of parts) {
    held.push(part);
    rows += part.x.shape[0];
    while (rows >= size) {
      const all = { x: joined(held, "x"), y: joined(held, "y") };
      yield { x: all.x.index(mx.Slice(0, size)), y: all.y.index(mx.Slice(0, size)) };
      rows -= size;
      held = rows > 0 ? [{ x: all.x.index(mx.Slice(size)), y: all.y.index(mx.Slice(size)) }] : [];
    }
  }
}

function joined(parts: readonly TrainingBatch[], name: "x" | "y"): MxArray {
  const arrays = parts.map((part) => part[name]);
  return arrays.length === 1 ? arrays[0] : mx.concatenate(arrays, 0);
}

/**
 * Rows that are held, again and again in the same order.
 *
 * @param x what is read, (rows, …)
 * @param y what is to be written; default the same
 * @example
 * const source = arraySource(mx.random.normal([4096, 16]));
 */
export function arraySource(x: MxArray, y: MxArray = x): TrainingSource {
  checkReal("x", x);
  checkReal("y", y);
  if (x.ndim < 2 || x.shape[0] !== y.shape[0] || x.size === 0) {
    throw new InvalidArgumentError("x", x, "x and y must be rows of numbers, as many of each.");
  }
  const both = { x: asRows(x), y: asRows(y) };
  return {
    name: "rows",
    async *batches(batchSize, skip) {
      checkBatches(batchSize, skip);
      const whole = Math.floor(x.shape[0] / batchSize);
      if (whole === 0) return;
      for (let step = skip; ; step++) {
        const from = (step % whole) * batchSize;
        const slice = mx.Slice(from, from + batchSize);
        yield { x: both.x.index(slice), y: both.y.index(slice) };
      }
    },
  };
}

/** One row for each token: heads, and sources of crosscoders, side by side. */
function asRows(array: MxArray): MxArray {
  const [rows] = array.shape;
  return array.ndim === 2 ? array : array.reshape([rows, array.size / rows]);
}
