/** The cache of downloaded models, laid out as the Python hub client lays it out, so that both share it. */
import { existsSync, lstatSync, statSync } from "node:fs";
import {
  copyFile,
  mkdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
} from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { removeDebris, temporaryName, writeFileAtomically } from "@mlxterp/mlx";
import { HubError } from "../errors.js";
import { isCommit, isContentHash } from "./safe-names.js";

/** Where one repository lives in the cache. */
export interface RepositoryCache {
  /** The folder that looks like the repository at a commit. */
  snapshot(commit: string): string;
  /** The content of a file, by its hash. */
  blob(hash: string): string;
  /** What is noted about the content of a file. */
  note(hash: string): string;
  /** The commit that a branch or tag was last seen at. */
  readReference(revision: string): Promise<string | undefined>;
  writeReference(revision: string, commit: string): Promise<void>;
  /** Makes a file of a snapshot stand for a blob. */
  link(commit: string, file: string, hash: string): Promise<void>;
  /** The hash of what a file of a snapshot stands for; undefined where it is a copy. */
  hashOf(commit: string, file: string): Promise<string | undefined>;
  /** Makes the folder of a file, inside of the cache. */
  makeRoom(file: string): Promise<void>;
}

/** @param id such as `roneneldan/TinyStories-33M` */
export function repositoryCache(cacheFolder: string, id: string): RepositoryCache {
  const root = join(cacheFolder, `models--${id.replaceAll("/", "--")}`);
  const snapshot = (commit: string) => join(root, "snapshots", commit);
  const blob = (hash: string) => join(root, "blobs", hash);
  const reference = (revision: string) => join(root, "refs", revision);
  const makeRoom = (file: string) => makeFolderInside(cacheFolder, dirname(file), id);
  const readReference = async (revision: string) => {
    const found = statSync(reference(revision), { throwIfNoEntry: false });
    if (!found || found.isDirectory()) return undefined; // of a longer name
    if (!found.isFile() || found.size > 1000) return undefined;
    const commit = (await readFile(reference(revision), "utf8")).trim();
    return isCommit(commit) ? commit : undefined;
  };
  return {
    snapshot,
    blob,
    note: (hash) => join(root, ".checked", hash),
    makeRoom,
    readReference,
    async writeReference(revision, commit) {
      if ((await readReference(revision)) === commit) return; // also where the cache cannot be written
      await makeRoom(reference(revision));
      writeFileAtomically(reference(revision), commit);
    },
    async link(commit, file, hash) {
      const pointer = join(snapshot(commit), file);
      if ((await hashIn(pointer)) === hash) return;
      await makeRoom(pointer);
      await place(blob(hash), pointer);
    },
    hashOf: (commit, file) => hashIn(join(snapshot(commit), file)),
  };
}

async function hashIn(pointer: string): Promise<string | undefined> {
  if (!lstatSync(pointer, { throwIfNoEntry: false })?.isSymbolicLink()) return undefined;
  const hash = basename(await readlink(pointer));
  return isContentHash(hash) ? hash : undefined;
}

/** @throws HubError (`HUB`) where a symbolic link would lead what is written out of the cache */
async function makeFolderInside(cacheFolder: string, folder: string, id: string): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const [cache, found] = await Promise.all([realpath(cacheFolder), realpath(existing)]);
  if (found !== cache && !found.startsWith(cache + sep)) {
    const reason = `${existing} is a symbolic link out of the cache, where nothing is written. Remove it, or choose another cacheFolder.`;
    throw new HubError(id, undefined, reason);
  }
  await mkdir(folder, { recursive: true });
}

/** A relative symbolic link, or a copy where the system allows no links; complete or not there at all. */
async function place(blob: string, pointer: string): Promise<void> {
  removeDebris(pointer);
  const { name, giveBack } = temporaryName(pointer);
  try {
    try {
      await symlink(relative(dirname(pointer), blob), name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
      await copyFile(blob, name);
    }
    await rename(name, pointer);
  } finally {
    await rm(name, { force: true });
    giveBack();
  }
}
