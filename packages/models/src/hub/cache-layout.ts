/** The cache of downloaded models, laid out as the Python hub client lays it out, so that both share it. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** Where one repository lives in the cache. */
export interface RepositoryCache {
  /** The folder that looks like the repository at a commit. */
  snapshot(commit: string): string;
  /** The content of a file, by its hash. */
  blob(hash: string): string;
  /** The commit that a branch or tag was last seen at. */
  readReference(revision: string): Promise<string | undefined>;
  writeReference(revision: string, commit: string): Promise<void>;
  /** Makes a file of a snapshot stand for a blob. */
  link(commit: string, file: string, hash: string): Promise<void>;
}

/** @param id such as `roneneldan/TinyStories-33M` */
export function repositoryCache(cacheFolder: string, id: string): RepositoryCache {
  const root = join(cacheFolder, `models--${id.replaceAll("/", "--")}`);
  const snapshot = (commit: string) => join(root, "snapshots", commit);
  const blob = (hash: string) => join(root, "blobs", hash);
  const reference = (revision: string) => join(root, "refs", revision);
  return {
    snapshot,
    blob,
    async readReference(revision) {
      if (!existsSync(reference(revision))) return undefined;
      return (await readFile(reference(revision), "utf8")).trim();
    },
    async writeReference(revision, commit) {
      await mkdir(dirname(reference(revision)), { recursive: true });
      await writeFile(reference(revision), commit);
    },
    async link(commit, file, hash) {
      const pointer = join(snapshot(commit), file);
      await mkdir(dirname(pointer), { recursive: true });
      await place(blob(hash), pointer);
    },
  };
}

/** A relative symbolic link, or a copy where the system allows no links; complete or not there at all. */
async function place(blob: string, pointer: string): Promise<void> {
  const temporary = `${pointer}.${randomUUID()}.incomplete`;
  try {
    await symlink(relative(dirname(pointer), blob), temporary);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
    await copyFile(blob, temporary);
  }
  await rename(temporary, pointer);
}
