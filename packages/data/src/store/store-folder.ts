/** The folder of a store as a collection writes it: every file whole or not at all, the manifest always last. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hashFile, type MxArray, writeFileAtomically, writeTensors } from "@mlxterp/mlx";
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

/** What a collection does to the disk; tests put one that fails in its place. */
export interface StoreFolder {
  readonly path: string;
  /** The manifest that is there. @throws StoreExistsError for a folder in other use */
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
}

const ownFile = /^(\.incomplete-.*|shard-\d+\.safetensors|manifest\.json)$/;

/** @returns for an ordinary folder, made when the first file is written */
export function storeFolder(path: string): StoreFolder {
  let last: string | undefined;
  const current = () =>
    hasManifest(path) ? readFileSync(join(path, manifestFile), "utf8") : undefined;
  return {
    path,
    open() {
      last = current();
      if (last !== undefined) return readManifest(path);
      const foreign = filesIn(path).filter((name) => !name.startsWith(".incomplete-"));
      if (foreign.length > 0) throw new StoreExistsError(path, `other files (${foreign[0]})`);
      return undefined;
    },
    clean({ shards }) {
      const listed = new Set([manifestFile, ...shards.map(({ file }) => file)]);
      for (const name of filesIn(path)) {
        if (ownFile.test(name) && !listed.has(name)) rmSync(join(path, name), { force: true });
      }
    },
    async writeShard(name, tensors) {
      const file = join(path, name);
      const bytes = await writeTensors(file, tensors, { store: `${storeFormat} ${storeVersion}` });
      return { bytes, sha256: hashFile(file) };
    },
    writeManifest(manifest) {
      if (current() !== last) throw new StoreBusyError(path);
      const text = manifestText(manifest);
      mkdirSync(path, { recursive: true });
      writeFileAtomically(join(path, manifestFile), text);
      last = text;
    },
  };
}

function filesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
