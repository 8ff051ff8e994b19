/** Downloads one file of a hub repository into the cache: resumed, checked, and complete or not there at all. */
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { ListFileEntry } from "@huggingface/hub";
import { HubError } from "../errors.js";
import type { RepositoryCache } from "./cache-layout.js";
import { receiveFile, sizeOf } from "./receive-file.js";
import type { RetryPolicy } from "./retry.js";
import { isAnnounced } from "./verify-file.js";

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
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/**
 * Makes sure that a file is in the cache. What comes is kept in `<hash>.incomplete`, as the Python client
 * does, and gets its name only when size and hash are right; a later call goes on where this one ended.
 *
 * @throws HubError (`HUB`) when the connection stays broken, or the bytes are not those the hub announced
 */
export async function fetchIntoCache(
  connection: HubConnection,
  cache: RepositoryCache,
  entry: ListFileEntry,
): Promise<void> {
  const hash = entry.lfs?.oid ?? entry.oid ?? `${connection.revision}-${basename(entry.path)}`;
  const blob = cache.blob(hash);
  if (sizeOf(blob) !== entry.size) {
    await mkdir(dirname(blob), { recursive: true });
    try {
      await downloadWhole(connection, entry, `${blob}.incomplete`);
      await rename(`${blob}.incomplete`, blob);
    } catch (error) {
      // Unless another process that loads the same was first, and took the partial file with it.
      if (sizeOf(blob) !== entry.size) throw error;
    }
  }
  await cache.link(connection.revision, entry.path, hash);
}

/** A damaged beginning may be of an earlier day; one whole download tells whether the hub is at fault. */
async function downloadWhole(
  connection: HubConnection,
  entry: ListFileEntry,
  partial: string,
): Promise<void> {
  const resumed = sizeOf(partial) > 0;
  if (await download(connection, entry, partial)) return;
  if (resumed && (await download(connection, entry, partial))) return;
  throw new HubError(
    connection.repo.name,
    undefined,
    `${entry.path} arrived damaged: its hash is not the announced one. Try again.`,
  );
}

/** @returns whether the file is the announced one; if not, it is gone */
async function download(
  connection: HubConnection,
  entry: ListFileEntry,
  partial: string,
): Promise<boolean> {
  if (sizeOf(partial) > entry.size) await rm(partial, { force: true });
  await receiveFile(connection, entry, partial);
  if (await isAnnounced(partial, entry)) return true;
  await rm(partial, { force: true });
  return false;
}
