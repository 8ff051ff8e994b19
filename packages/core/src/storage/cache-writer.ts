/** Writes activations to a folder, a group at a time; the manifest comes last and makes them whole. */
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  evaluate,
  type HashedFile,
  hashFile,
  type MxArray,
  removeAbandoned,
  withFile,
  writeTensors,
} from "@mlxterp/mlx";
import type { CacheFacts } from "./cache.js";
import {
  arrayOf,
  bytesOf,
  type CacheEntry,
  type DiskValue,
  dtypeOf,
  type OpenFiles,
  requireEntryHeld,
} from "./entry.js";
import { FolderInUseError } from "./errors.js";
import {
  type Manifest,
  type ManifestEntry,
  type ManifestShard,
  manifestFile,
  writeManifest,
} from "./manifest.js";
import { savedTokens } from "./saved-tokens.js";

/** Our own whole files. */
const ours = /^activations-[0-9a-f]{8}-\d{5,}\.safetensors$/;
/** What our files are called before they are whole. */
const unfinished = (final: string) => ours.test(final) || final === manifestFile;

type Entries = Pick<Map<string, CacheEntry>, "get" | "values">;

export class CacheWriter {
  readonly folder: string;
  private readonly id = randomUUID().slice(0, 8);
  private readonly shards: ManifestShard[] = [];
  private readonly written: ManifestEntry[] = [];

  /**
   * @throws FolderInUseError (`FOLDER_IN_USE`) for a folder with files in it, unless they may be replaced;
   * FileAccessError (`FILE_ACCESS`)
   */
  constructor(folder: string, overwrite: boolean) {
    this.folder = resolve(folder);
    const free = withFile(this.folder, () => {
      mkdirSync(this.folder, { recursive: true });
      removeAbandoned(this.folder, unfinished);
      return overwrite || readdirSync(this.folder).length === 0;
    });
    if (!free) throw new FolderInUseError(folder);
  }

  /**
   * Computes and writes entries in the order of the forward, so that nothing is computed twice: what a later group
   * needs of an earlier one is kept by the graph, and nothing else is.
   *
   * @param limit the most bytes in one group, unless a single entry is larger
   * @param onWritten is told where each entry now is; whoever holds its array may let go
   */
  async write(
    entries: Entries,
    limit: number,
    onWritten: (entry: CacheEntry) => void,
  ): Promise<void> {
    for (const names of groups(entries, limit)) {
      for (const entry of await this.writeGroup(names, entries)) onWritten(entry);
    }
  }

  private async writeGroup(names: readonly string[], entries: Entries): Promise<CacheEntry[]> {
    const number = String(this.shards.length).padStart(5, "0");
    const file = `activations-${this.id}-${number}.safetensors`;
    const found = names.map((name) => entries.get(name)).filter((entry) => entry !== undefined);
    const filled = found.filter((entry) => bytesOf(entry) > 0);
    const opened: OpenFiles = new Map();
    const arrays = filled.map((entry): [string, MxArray] => [
      entry.site.name,
      arrayOf(entry, opened),
    ]);
    const checks = filled.flatMap(({ largest }) => largest ?? []);
    if (checks.length > 0) await evaluate([...arrays.map(([, value]) => value), ...checks]);
    for (const entry of filled) requireEntryHeld(entry);
    const path = join(this.folder, file);
    let hashed: HashedFile | undefined;
    if (arrays.length > 0) {
      const bytes = await writeTensors(path, Object.fromEntries(arrays), { id: this.id });
      hashed = { path, sha256: hashFile(path) };
      this.shards.push({ file, bytes, sha256: hashed.sha256 });
    }
    return found.map((entry) => this.note(entry, filled.includes(entry) ? hashed : undefined));
  }

  private note(entry: CacheEntry, file: HashedFile | undefined): CacheEntry {
    const { site, order } = entry;
    const value: DiskValue = { file, shape: [...entry.value.shape], dtype: dtypeOf(entry) };
    const { shape, dtype } = value;
    const shard = file === undefined ? null : this.shards.length - 1;
    this.written.push({ site, shape, dtype, order, shard });
    return { site, order, value };
  }

  /** Makes the folder whole, and removes what an earlier save left in it. */
  finish({ provenance, tokens, positions }: CacheFacts, names: readonly string[]): void {
    const { id, shards, written } = this;
    const bySite = new Map(written.map((entry) => [entry.site.name, entry]));
    const entries = names.map((name) => bySite.get(name)).filter((entry) => entry !== undefined);
    const manifest: Manifest = {
      id,
      provenance: typeof provenance === "function" ? provenance() : provenance,
      tokens: tokens && savedTokens(tokens),
      positions,
      shards,
      entries,
    };
    writeManifest(this.folder, manifest);
    this.remove((file) => !shards.some((shard) => shard.file === file));
  }

  /** Removes what was written. */
  abandon(): void {
    this.remove((file) => file.includes(`activations-${this.id}-`));
  }

  private remove(which: (file: string) => boolean): void {
    const files = readdirSync(this.folder).filter((file) => ours.test(file));
    for (const file of files.filter(which)) {
      rmSync(join(this.folder, file), { force: true });
    }
  }
}

/** Names in the order of the forward, in groups of bounded size. */
function groups(entries: Entries, limit: number): string[][] {
  const sizes = [...entries.values()]
    .sort((a, b) => a.order - b.order)
    .map((entry) => ({ name: entry.site.name, bytes: bytesOf(entry) }));
  const groups: string[][] = [];
  let room = 0;
  for (const { name, bytes } of sizes) {
    room -= bytes;
    if (groups.length === 0 || room < 0) {
      groups.push([]);
      room = limit - bytes;
    }
    groups[groups.length - 1].push(name);
  }
  return groups;
}
