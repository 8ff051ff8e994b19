/** Downloads one file of a hub repository into the cache: resumed, checked, and complete or not there at all. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import type { ListFileEntry } from "@huggingface/hub";
import { isPlainName } from "../checkpoint/files/plain-name.js";
import { HubError } from "../errors.js";
import type { RepositoryCache } from "./cache-layout.js";
import { claimPartial, removeAbandonedParts, sizeOf } from "./partial-file.js";
import { receiveFile } from "./receive-file.js";
import type { RetryPolicy } from "./retry.js";
import { checkContentHash, checkSize } from "./safe-names.js";
import { hasHash, isSound, noteSound } from "./verify-file.js";

/** How far a download is, in bytes. A resumed one begins with what was there. */
export interface DownloadProgress {
  readonly file: string;
  readonly loaded: number;
  readonly total: number;
}

/** What every request of one model's download shares. */
export interface HubConnection {
  readonly repo: { readonly type: "model"; readonly name: string };
  /** A commit. */
  readonly revision: string;
  readonly hubUrl: string;
  /** Asks again by itself when there is no answer. */
  readonly fetch: typeof fetch;
  readonly accessToken?: string;
  readonly retries: RetryPolicy;
  /** Milliseconds without an answer until a connection is given up. */
  readonly silence: number;
  /** Whether also files that were checked before are read again. */
  readonly verify?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/**
 * Makes sure that a file is in the cache. What comes is kept beside it, and gets its name only when size and hash are
 * right; a later call goes on where this one ended. A file that is there and damaged is fetched again.
 *
 * @param most the bytes that such a file may have
 * @throws HubError (`HUB`) when the connection stays broken, or the bytes are not those the hub announced
 */
export async function fetchIntoCache(
  connection: HubConnection,
  cache: RepositoryCache,
  entry: ListFileEntry,
  most = Number.MAX_SAFE_INTEGER,
): Promise<void> {
  const { repo, revision } = connection;
  const { path } = entry;
  if (!isPlainPath(path)) {
    throw new HubError(repo.name, undefined, `${JSON.stringify(path)} is no name of a file.`);
  }
  const wanted = {
    path,
    size: checkSize(entry.size, most, path, repo.name),
    hash: checkContentHash(entry, repo.name),
  };
  const name = wanted.hash ?? `${revision}-${createHash("sha1").update(path).digest("hex")}`;
  if (!(await isThere(cache, wanted, name, connection.verify ?? false))) {
    await cache.makeRoom(cache.blob(name));
    await downloadTo(cache.blob(name), connection, wanted);
    if (wanted.hash) await noteSound(cache, wanted.hash);
  }
  removeAbandonedParts(cache.blob(name));
  await cache.link(revision, path, name);
}

/** Folders in each other, the file included. */
const deepest = 8;

/** A file of the repository, or of a folder in it. */
function isPlainPath(path: unknown): boolean {
  const parts = typeof path === "string" ? path.split("/") : [];
  return parts.length > 0 && parts.length <= deepest && parts.every(isPlainName);
}

/** A file as the hub announces it, checked. */
export interface WantedFile {
  readonly path: string;
  readonly size: number;
  /** Absent with a hub that names none. */
  readonly hash: string | undefined;
}

async function isThere(
  cache: RepositoryCache,
  { size, hash }: WantedFile,
  name: string,
  verify: boolean,
): Promise<boolean> {
  const blob = cache.blob(name);
  if (!existsSync(blob) || sizeOf(blob) !== size) return false;
  return hash === undefined || (await isSound(cache, hash, verify));
}

async function downloadTo(
  blob: string,
  connection: HubConnection,
  wanted: WantedFile,
): Promise<void> {
  const partial = claimPartial(blob);
  try {
    await downloadWhole(connection, wanted, partial.path);
    await rename(partial.path, blob);
    partial.end();
  } catch (error) {
    partial.leave();
    throw error;
  }
}

/** A damaged beginning may be of an earlier day; one whole download tells whether the hub is at fault. */
async function downloadWhole(
  connection: HubConnection,
  wanted: WantedFile,
  partial: string,
): Promise<void> {
  const resumed = sizeOf(partial) > 0;
  if (await download(connection, wanted, partial)) return;
  if (resumed && (await download(connection, wanted, partial))) return;
  throw new HubError(
    connection.repo.name,
    undefined,
    `${wanted.path} arrived damaged: its hash is not the announced one. Try again.`,
  );
}

/** @returns whether the file is the announced one; if not, it is gone */
async function download(
  connection: HubConnection,
  wanted: WantedFile,
  partial: string,
): Promise<boolean> {
  if (sizeOf(partial) > wanted.size) await rm(partial, { force: true });
  await receiveFile(connection, wanted, partial);
  if (wanted.hash === undefined || (await hasHash(partial, wanted.hash))) return true;
  await rm(partial, { force: true });
  return false;
}
