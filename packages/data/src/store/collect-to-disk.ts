/** Collects the activations of a dataset into a store, and goes on where an earlier run was ended. */
import {
  checkModel,
  checkSelectors,
  isPositionRange,
  type Positions,
  provenanceOf,
} from "@mlxterp/core";
import {
  asAsked,
  checkBoolean,
  checkOptions,
  checkPath,
  checkPositiveInteger,
  withFiles,
} from "@mlxterp/mlx";
import type { Provenance } from "@mlxterp/results";
import { type DataModel, type StreamOptions, streamRules } from "../collect/options.js";
import { streamFrom } from "../collect/stream.js";
import { type Dataset, promptsOf } from "../dataset/dataset.js";
import { StoreExistsError } from "../errors.js";
import { continueFrom } from "./continue.js";
import { CountedPrompts, emptyFingerprint } from "./fingerprint.js";
import { type Collection, type Manifest, storeFormat, storeVersion } from "./manifest.js";
import { ShardBuilder, shardName } from "./shard.js";
import { type ActivationStore, openStore } from "./store.js";
import { type StoreFolder, storeFolder } from "./store-folder.js";

export interface CollectToDiskOptions extends StreamOptions {
  /** Made if it is missing. */
  readonly folder: string;
  /** Activations of one file, in bytes; memory is about three times that, and so much work is lost by a kill. Default 64 MiB. */
  readonly shardBytes?: number;
  /** Whether to go on with a store that is there; otherwise that is an error. Default true. */
  readonly resume?: boolean;
  /**
   * Whether a continued collection first computes the last stored rows again, to see that model and interventions are
   * the same. Default true; false for interventions that are random by design.
   */
  readonly recheck?: boolean;
}

/**
 * Runs a model over a dataset and writes one row for each chosen token to a folder. Ended at any point, by whatever
 * means, the same call goes on from the last shard: no row is lost and none is stored twice. Memory does not depend on the
 * length of the dataset.
 *
 * @param dataset must give the same prompts again when a collection is continued, which is checked
 * @returns the complete store, opened
 * @throws what `streamActivations` throws; StoreMismatchError (`STORE_MISMATCH`) for another dataset, model or other
 * options than a store was begun with; StoreExistsError (`STORE_EXISTS`); StoreBusyError (`STORE_BUSY`) while another
 * program collects into the folder; CorruptFileError (`CORRUPT_FILE`); IncompleteWriteError (`INCOMPLETE_WRITE`) on a full
 * disk; FileAccessError (`FILE_ACCESS`)
 * @example
 * const sequences = cutIntoSequences(readLines("stories.txt"), model.tokenizer, { length: 8 });
 * const store = await collectToDisk(model, sequences, { folder: "activations", save: "layers.2", batchSize: 32 });
 */
export async function collectToDisk(
  model: DataModel,
  dataset: Dataset,
  options: CollectToDiskOptions,
): Promise<ActivationStore> {
  checkOptions<CollectToDiskOptions>("collectToDisk", options, {
    ...streamRules,
    folder: checkPath,
    shardBytes: checkPositiveInteger,
    resume: checkBoolean,
    recheck: checkBoolean,
  });
  checkModel("model", model);
  checkPath("folder", options.folder);
  checkSelectors("save", options.save);
  const asked = asAsked(options);
  const { folder } = asked;
  return withFiles(folder, () => collectInto(storeFolder(folder), model, dataset, asked));
}

/** @param folder where everything is written to */
export async function collectInto(
  folder: StoreFolder,
  model: DataModel,
  dataset: Dataset,
  options: CollectToDiskOptions,
): Promise<ActivationStore> {
  const collection = describeCollection(model, options);
  const { interventions } = collection;
  const provenance = provenanceOf(model, { interventions });
  const prompts = new CountedPrompts(promptsOf(dataset));
  try {
    const found = folder.open();
    if (found && options.resume === false) throw new StoreExistsError(folder.path, "activations");
    const manifest = found ?? emptyManifest(collection, provenance);
    if (found) {
      const given = { model, prompts, collection, provenance, options };
      await continueFrom(found, { folder: folder.path, ...given });
    } else {
      folder.writeManifest(manifest);
    }
    folder.clean(manifest);
    if (!manifest.complete) await writeShards(folder, manifest, { model, prompts, options });
  } finally {
    folder.close();
    await prompts.close();
  }
  return openStore(folder.path);
}

interface Source {
  readonly model: DataModel;
  readonly prompts: CountedPrompts;
  readonly options: CollectToDiskOptions;
}

/** A shard is only part of the store once the manifest lists it; a kill before that costs one shard's work. */
async function writeShards(folder: StoreFolder, begun: Manifest, source: Source): Promise<void> {
  const { model, prompts, options } = source;
  const { shardBytes = 64 * 2 ** 20 } = options;
  const builder = new ShardBuilder(begun.sites);
  let manifest = begun;
  const write = async (complete: boolean) => {
    const added = await writeShard(folder, manifest, builder);
    const { count: sequences, fingerprint } = prompts;
    manifest = { ...manifest, ...added, sequences, fingerprint, complete };
    folder.writeManifest(manifest);
  };
  // the stream takes no prompt ahead of the batch it gives, so what was taken is what the builder holds
  for await (const batch of streamFrom(model, prompts, options, begun)) {
    builder.add(batch);
    if (builder.isFull(shardBytes)) await write(false);
  }
  await write(true);
}

async function writeShard(folder: StoreFolder, manifest: Manifest, builder: ShardBuilder) {
  const { rows, sequences, tensors, sites } = builder.take();
  if (rows === 0) return {};
  const file = shardName(manifest.shards.length);
  const shard = { file, rows, sequences, ...(await folder.writeShard(file, tensors)) };
  return { sites: [...sites], shards: [...manifest.shards, shard], rows: manifest.rows + rows };
}

/** @throws UnknownSiteError (`UNKNOWN_SITE`) before anything is written */
function describeCollection(model: DataModel, options: CollectToDiskOptions): Collection {
  const { save, positions, dtype = "float32", interventions = {}, columns } = options;
  const selectors = typeof save === "string" || save instanceof RegExp ? [save] : save;
  const names = selectors.flatMap((selector) => model.sites(selector).map(({ site }) => site));
  return {
    model: model.name,
    interventions: Object.keys(interventions),
    sites: [...new Set(names)],
    positions: storedPositions(positions),
    dtype,
    ...(columns && Object.keys(columns).length > 0 && { columns: { ...columns } }),
  };
}

function storedPositions(positions: Positions | undefined): Collection["positions"] {
  if (positions === undefined) return "all";
  if (!isPositionRange(positions)) return [positions].flat();
  const { from, to } = positions;
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function emptyManifest(collection: Collection, provenance: Provenance): Manifest {
  return {
    format: storeFormat,
    version: storeVersion,
    collection,
    sites: [],
    shards: [],
    rows: 0,
    sequences: 0,
    fingerprint: emptyFingerprint,
    complete: false,
    provenance,
  };
}
