/** A store of activations on disk, of which only what is asked for is read. */
import { join } from "node:path";
import {
  asAsked,
  checkFunction,
  checkList,
  checkOptions,
  checkPath,
  checkSignal,
  checkText,
  fromFlat,
  InvalidArgumentError,
  type MxArray,
  type VerifyOptions,
  verifyFiles,
} from "@mlxterp/mlx";
import type { Provenance } from "@mlxterp/results";
import { isColumn } from "../collect/columns.js";
import { type RowOrigins, rowFromFront } from "../collect/rows.js";
import {
  batchesOf,
  checkBatchOptions,
  type StoreBatch,
  type StoreBatchOptions,
} from "./batches.js";
import { fromBfloat16, fromFloat16 } from "./half.js";
import { type Collection, type Manifest, readManifest, type StoredSite } from "./manifest.js";
import { originTensors } from "./shard.js";
import { checkSize, ShardReader } from "./shard-reader.js";

/** The rows of one file. */
export interface StoreShard extends RowOrigins {
  readonly file: string;
  /** Its first row in the store. */
  readonly start: number;
  readonly rows: number;
  /** By site: (rows, …), and columns as `#name`: (rows), float32 or int32. */
  readonly activations: Readonly<Record<string, MxArray>>;
}

export type VerifyStoreOptions = VerifyOptions;

/**
 * What `openStore` and `collectToDisk` return. Rows are numbered from 0 in the order of the dataset; one row is one
 * token. Whatever the stored dtype, floating-point activations are read as float32.
 */
export class ActivationStore implements Disposable, AsyncDisposable {
  readonly folder: string;
  /** Name, shape of one row and stored dtype of what was collected. */
  readonly sites: readonly StoredSite[];
  /** What stands beside each row, under `#` and its name, as `read` takes it: labels, for example. */
  readonly columns: readonly StoredSite[];
  /** The number of rows. */
  readonly rows: number;
  /** The number of sequences of the dataset from which they come. */
  readonly sequences: number;
  /** Whether the dataset was gone through to its end. */
  readonly complete: boolean;
  /** What was asked for. */
  readonly collection: Collection;
  /** Where the rows come from. */
  readonly provenance: Provenance;
  /** A hash of the sequences of the dataset, in order. */
  readonly fingerprint: string;
  private readonly manifest: Manifest;
  private readonly reader: ShardReader;

  /** @internal */
  constructor(folder: string, manifest: Manifest) {
    const { collection, fingerprint, provenance } = manifest;
    this.folder = folder;
    this.manifest = manifest;
    this.sites = manifest.sites.filter(({ site }) => !isColumn(site));
    this.columns = manifest.sites.filter(({ site }) => isColumn(site));
    this.rows = manifest.rows;
    this.sequences = manifest.sequences;
    this.complete = manifest.complete;
    this.collection = collection;
    this.provenance = provenance;
    this.fingerprint = fingerprint;
    this.reader = new ShardReader(folder, manifest);
  }

  /**
   * Rows of a site, in the order asked for; negative ones count from the end.
   *
   * @returns (rows, …), float32 or int32, computed
   * @throws OutOfRangeError (`OUT_OF_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`) for a site that was not collected
   * @example
   * store.read("layers.2", [0, 5, 3]).shape; // [3, 128]
   */
  read(site: string, rows: readonly number[]): MxArray {
    const { shape, dtype } = this.describe(site);
    checkList("rows", rows);
    const found = Array.from(rows, (row) => rowFromFront(row, this.rows)); // holes too
    const bytes = this.reader.read(site, found);
    return fromFlat(decode(bytes, dtype), [rows.length, ...shape]);
  }

  /**
   * Where rows come from: sequence, position and token id of each.
   *
   * @throws OutOfRangeError (`OUT_OF_RANGE`)
   */
  origins(rows: readonly number[]): RowOrigins {
    checkList("rows", rows);
    const found = Array.from(rows, (row) => rowFromFront(row, this.rows)); // holes too
    const of = (tensor: string) => new Int32Array(this.reader.read(tensor, found).buffer);
    const { sequence, position, token } = originTensors;
    return { sequence: of(sequence), position: of(position), token: of(token) };
  }

  /** One file after the other, each read as a whole. */
  async *shards(): AsyncGenerator<StoreShard, void, undefined> {
    let start = 0;
    for (const { file, rows } of this.manifest.shards) {
      const all = Array.from({ length: rows }, (_, row) => start + row);
      const arrays = this.manifest.sites.map(({ site }) => [site, this.read(site, all)]);
      const activations = Object.fromEntries(arrays) as StoreShard["activations"];
      yield { file, start, rows, activations, ...this.origins(all) };
      start += rows;
    }
  }

  /**
   * Batches for training, in constant memory; in each epoch every row comes exactly once.
   *
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`); the signal's reason
   * @example
   * for await (const { activations } of store.batches({ batchSize: 4096, shuffle: 0, epochs: 2 })) {
   *   activations["layers.2"]; // (batch, hidden) float32
   * }
   */
  batches(options: StoreBatchOptions): AsyncGenerator<StoreBatch, void, undefined> {
    checkBatchOptions(options);
    for (const site of options.sites ?? []) this.describe(site);
    return batchesOf(this, asAsked(options)); // it begins with the first `next`
  }

  /**
   * Reads every file and compares it with the hash that was noted when it was written.
   *
   * @throws CorruptFileError (`CORRUPT_FILE`) with the first file that differs; the signal's reason
   */
  async verify(options: VerifyStoreOptions = {}): Promise<void> {
    checkOptions<VerifyStoreOptions>("verify", options, {
      onProgress: checkFunction,
      signal: checkSignal,
    });
    const { shards } = this.manifest;
    for (const shard of shards) checkSize(this.folder, shard);
    const files = shards.map(({ file, sha256 }) => ({ path: join(this.folder, file), sha256 }));
    await verifyFiles(files, options);
  }

  /** One line: what is in it, how much of it, and of which model. */
  toString(): string {
    const described = (stored: StoredSite) =>
      `${stored.site} ${stored.dtype} [${stored.shape.join(", ")}]`;
    const held = [...this.sites, ...this.columns].map(described).join(", ") || "nothing yet";
    const size = `${this.rows} rows of ${this.sequences} sequences`;
    const rest = this.complete ? "" : ", not complete";
    return `ActivationStore ${this.folder}: ${size}${rest}; ${held}; of ${this.collection.model}`;
  }

  /** What is in it and how much of it, for logs; the numbers stay on the disk. */
  toJSON(): Pick<
    ActivationStore,
    "folder" | "rows" | "sequences" | "complete" | "sites" | "columns"
  > {
    const { folder, rows, sequences, complete, sites, columns } = this;
    return { folder, rows, sequences, complete, sites, columns };
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Closes the files; whatever is read afterwards opens them again. */
  close(): void {
    this.reader.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /**
   * Shape of one row and stored dtype of a site.
   *
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a site that was not collected
   */
  describe(name: string): StoredSite {
    checkText("site", name);
    const found = this.manifest.sites.find(({ site }) => site === name);
    if (found) return found;
    const held = this.manifest.sites.map(({ site }) => site).join(", ");
    throw new InvalidArgumentError(
      "site",
      name,
      `"${name}" was not collected; the store has ${held}.`,
    );
  }
}

/** Numbers as they lie in the file, little-endian like every system that MLX runs on. */
function decode(bytes: Uint8Array, dtype: StoredSite["dtype"]): Float32Array | Int32Array {
  if (dtype === "float32") return new Float32Array(bytes.buffer);
  if (dtype === "int32") return new Int32Array(bytes.buffer);
  const bits = new Uint16Array(bytes.buffer);
  return dtype === "float16" ? fromFloat16(bits) : fromBfloat16(bits);
}

/**
 * Opens a store, also one whose collection is not complete.
 *
 * @throws StoreNotFoundError (`STORE_NOT_FOUND`); CorruptFileError (`CORRUPT_FILE`) for a damaged manifest, or a file
 * that is missing or of the wrong size
 * @example
 * await collectToDisk(model, ["Mary and John went home"], { folder: "activations", save: "layers.2" });
 * await using store = await openStore("activations");
 * store.rows; // 6
 */
export async function openStore(folder: string): Promise<ActivationStore> {
  checkPath("folder", folder);
  const manifest = readManifest(folder);
  for (const shard of manifest.shards) checkSize(folder, shard);
  return new ActivationStore(folder, manifest);
}
