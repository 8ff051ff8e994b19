/** Downloads one file of a hub repository into the cache: streamed, checked, and complete or not there at all. */
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { downloadFile, type ListFileEntry } from "@huggingface/hub";
import { HubError } from "../errors.js";
import type { RepositoryCache } from "./cache-layout.js";

/** How far a download is, in bytes. */
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
  readonly hubUrl?: string;
  readonly fetch: typeof fetch;
  readonly accessToken?: string;
}

/**
 * Makes sure that a file is in the cache.
 *
 * @throws HubError (`HUB`) when the bytes that came are not those the hub announced
 */
export async function fetchIntoCache(
  connection: HubConnection,
  cache: RepositoryCache,
  entry: ListFileEntry,
  onProgress?: (progress: DownloadProgress) => void,
): Promise<void> {
  const hash = entry.lfs?.oid ?? entry.oid ?? `${connection.revision}-${entry.path}`;
  const blob = cache.blob(hash);
  if (!existsSync(blob) || statSync(blob).size !== entry.size) {
    await mkdir(dirname(blob), { recursive: true });
    const temporary = `${blob}.${process.pid}.incomplete`;
    try {
      await download(connection, entry, temporary, onProgress);
      await rename(temporary, blob);
    } finally {
      await rm(temporary, { force: true });
    }
  }
  await cache.link(connection.revision, entry.path, hash);
}

async function download(
  connection: HubConnection,
  entry: ListFileEntry,
  target: string,
  onProgress?: (progress: DownloadProgress) => void,
): Promise<void> {
  const { path: file, size: total } = entry;
  const blob = await downloadFile({ ...connection, path: file });
  if (!blob) throw new HubError(connection.repo.name, 404, `${file} has disappeared from the hub.`);
  const checksum = createHash("sha256");
  const output = await open(target, "w");
  let loaded = 0;
  try {
    for await (const chunk of blob.stream()) {
      await output.write(chunk);
      checksum.update(chunk);
      loaded += chunk.byteLength;
      onProgress?.({ file, loaded, total });
    }
  } finally {
    await output.close();
  }
  if (loaded !== total) {
    throw new HubError(
      connection.repo.name,
      undefined,
      `${file} broke off after ${loaded} of ${total} bytes. Try again; what is complete is kept.`,
    );
  }
  if (entry.lfs && checksum.digest("hex") !== entry.lfs.oid) {
    throw new HubError(connection.repo.name, undefined, `${file} arrived damaged. Try again.`);
  }
}
