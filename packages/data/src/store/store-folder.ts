/** The folder of a store as a collection writes it: every file whole or not at all, the manifest always last. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  hashFile,
  isTemporaryName,
  type MxArray,
  withFile,
  writeFileAtomically,
  writeTensors,
} from "@mlxterp/mlx";
import { StoreBusyError, StoreExistsError } from "../errors.js";
import {
  hasManifest,
  type Manifest,
  manifestFile,
  manifestText,
  readManifest,
  storeFormat,
  storeVersion,
} from "./manifest.js";
import { lockFile, lockStore, type StoreLock } from "./store-lock.js";

/** What a collection does to the disk; tests put one that fails in its place. */
export interface StoreFolder {
  readonly path: string;
  /**
   * Takes the folder for this collection alone. @returns the manifest that is there
   * @throws StoreBusyError while another collection has it, StoreExistsError for a folder in other use
   */
  open(): Manifest | undefined;
  /** Removes what a killed collection left behind: half-written files, and shards that the manifest does not list. */
  clean(manifest: Manifest): void;
  /** @returns the size and hash of the file */
  writeShard(
    file: string,
    tensors: Readonly<Record<string, MxArray>>,
  ): Promise<{ bytes: number; sha256: string }>;
  /** @throws StoreBusyError when another program changed it since this one read or wrote it */
  writeManifest(manifest: Manifest): void;
  /** Lets others collect into it. */
  close(): void;
}

/** Whole, or left behind; nobody else writes while the folder is locked. */
const isOwn = (name: string) => /^shard-\d+\.safetensors$/.test(name) || isTemporaryName(name);

/** @returns for an ordinary folder, made when the first file is written */
export function storeFolder(path: string): StoreFolder {
  let last: string | undefined;
  let lock: StoreLock | undefined;
  const current = () =>
    hasManifest(path) ? readFileSync(join(path, manifestFile), "utf8") : undefined;
  return {
    path,
    open() {
      refuseForeign(path);
      lock = withFile(path, () => lockStore(path));
      last = current();
      return last === undefined ? undefined : readManifest(path);
    },
    clean({ shards }) {
      lock?.check();
      const listed = new Set(shards.map(({ file }) => file));
      for (const name of filesIn(path)) {
        if (isOwn(name) && !listed.has(name)) rmSync(join(path, name), { force: true });
      }
    },
    async writeShard(name, tensors) {
      lock?.check();
      const file = join(path, name);
      const bytes = await writeTensors(file, tensors, { store: `${storeFormat} ${storeVersion}` });
      return { bytes, sha256: hashFile(file) };
    },
    writeManifest(manifest) {
      lock?.check();
      if (current() !== last) throw new StoreBusyError(path, join(path, manifestFile));
      const text = manifestText(manifest);
      writeFileAtomically(join(path, manifestFile), text);
      last = text;
    },
    close() {
      lock?.release();
      lock = undefined;
    },
  };
}

/** @throws StoreExistsError (`STORE_EXISTS`) for files that no collection has made */
function refuseForeign(path: string): void {
  if (hasManifest(path)) return;
  const foreign = filesIn(path).find((name) => !isOwn(name) && name !== lockFile);
  if (foreign !== undefined) throw new StoreExistsError(path, `other files (${foreign})`);
}

function filesIn(path: string): string[] {
  return existsSync(path) ? withFile(path, () => readdirSync(path)) : [];
}
