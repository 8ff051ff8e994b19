/** The entries of a cache, wherever they are: found by name, moved to the disk, copied to a folder, let go. */
import { dirname } from "node:path";
import {
  CorruptFileError,
  checkBoolean,
  checkText,
  type HashedFile,
  isArray,
  nearestWords,
  type OptionNames,
  type VerifyOptions,
  verifyFiles,
} from "@mlxterp/mlx";
import { DisposedError, UnknownSiteError } from "../errors.js";
import { type ByteSize, byteCount, checkByteSize } from "./byte-size.js";
import type { CacheFacts } from "./cache.js";
import { CacheWriter } from "./cache-writer.js";
import { bytesOf, type CacheEntry } from "./entry.js";
import { CorruptCacheError } from "./errors.js";
import { findSaved } from "./saved-site.js";
import { removeTemporaryFolder, temporaryFolder } from "./temporary-folder.js";

/** Where activations are written, and in what pieces. */
export interface SaveCacheOptions {
  /** Replaces activations that were saved in the folder before. Default: an error. */
  readonly overwrite?: boolean;
  /** The most bytes in one file, and in memory at once, unless a single value is larger. Default: 256 MiB. */
  readonly shardBytes?: ByteSize;
}

/** What its values must be. */
export const saveCacheRules: OptionNames<SaveCacheOptions> = {
  overwrite: checkBoolean,
  shardBytes: checkByteSize,
};

export class HeldActivations {
  private entries: Map<string, CacheEntry> | undefined;
  /** A folder of our own, which goes when these are disposed. */
  private temporary: string | undefined;
  /** What moves entries to a folder, until that is complete. */
  private unfinished: CacheWriter | undefined;

  constructor(entries: Map<string, CacheEntry>) {
    this.entries = entries;
  }

  /** By canonical name, in the order of the selectors. @throws DisposedError (`DISPOSED`) */
  get all(): Map<string, CacheEntry> {
    if (!this.entries) throw new DisposedError("cache");
    return this.entries;
  }

  get list(): CacheEntry[] {
    return [...this.all.values()];
  }

  /** @throws UnknownSiteError (`UNKNOWN_SITE`) with what there is */
  get(name: string): CacheEntry {
    const entry = this.find(name);
    if (entry) return entry;
    const keys = [...this.all.keys()];
    const calls = keys.filter(
      (key) => this.find(`${name}#${key.split("#")[1]}`)?.site.name === key,
    );
    const held = calls.length > 0 ? calls : keys;
    throw new UnknownSiteError(name, nearestWords(name, held, 8), "It was not saved in this run.");
  }

  find(name: string): CacheEntry | undefined {
    checkText("site", name);
    const entry = this.all.get(name);
    if (entry) return entry;
    const sites = this.list.map(({ site }) => site);
    const found = findSaved(name, sites);
    return found === undefined ? undefined : this.all.get(found);
  }

  /** Copies everything to a folder. Entries in files that this replaces are then read from the new ones. */
  async save(folder: string, facts: CacheFacts, options: SaveCacheOptions): Promise<void> {
    const writer = new CacheWriter(folder, options.overwrite ?? false);
    const written: CacheEntry[] = [];
    try {
      await this.write(writer, facts, options, (entry) => written.push(entry));
    } catch (error) {
      writer.abandon();
      throw error;
    }
    for (const entry of written) {
      const file = fileOf(this.all.get(entry.site.name));
      if (file && dirname(file.path) === writer.folder) this.all.set(entry.site.name, entry);
    }
  }

  /** Moves everything to a folder, by default to one of our own. What has been moved can be read, whatever happens. */
  async spill(
    folder: string | undefined,
    facts: CacheFacts,
    options: SaveCacheOptions,
  ): Promise<void> {
    const former = this.temporary;
    const target = folder ?? temporaryFolder(this);
    if (folder === undefined) this.temporary = target;
    const writer = new CacheWriter(target, options.overwrite ?? false);
    this.unfinished = writer;
    const { all } = this;
    await this.write(writer, facts, options, (entry) => all.set(entry.site.name, entry));
    this.unfinished = undefined;
    if (former) removeTemporaryFolder(former);
    if (former && folder !== undefined) this.temporary = undefined;
  }

  /** Compares every file with its hash. @throws CorruptCacheError (`CORRUPT_CACHE`); the signal's reason */
  async verify(options: VerifyOptions): Promise<void> {
    const files = this.list.map(fileOf).filter((file) => file !== undefined);
    const byPath = new Map(files.map((file) => [file.path, file]));
    try {
      await verifyFiles([...byPath.values()], options);
    } catch (cause) {
      if (!(cause instanceof CorruptFileError)) throw cause;
      throw new CorruptCacheError(cause.file, cause.reason, { cause });
    }
  }

  /** Lets go of arrays, of a folder of our own, and of what is incomplete. */
  dispose(): void {
    this.entries = undefined;
    this.unfinished?.abandon();
    this.unfinished = undefined;
    if (this.temporary) removeTemporaryFolder(this.temporary);
    this.temporary = undefined;
  }

  private async write(
    writer: CacheWriter,
    facts: CacheFacts,
    { shardBytes = "256MiB" }: SaveCacheOptions,
    onWritten: (entry: CacheEntry) => void,
  ): Promise<void> {
    const names = [...this.all.keys()];
    await writer.write(this.all, byteCount(shardBytes, "shardBytes"), onWritten);
    writer.finish(facts, names);
  }
}

export function totalBytes(entries: readonly CacheEntry[]): number {
  return entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
}

function fileOf(entry: CacheEntry | undefined): HashedFile | undefined {
  return entry && !isArray(entry.value) ? entry.value.file : undefined;
}
