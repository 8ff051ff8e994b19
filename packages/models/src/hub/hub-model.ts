/** Finds a model of the hub in the cache, or downloads the files of it that loading needs. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ListFileEntry } from "@huggingface/hub";
import { fileFailure, withFiles } from "@mlxterp/mlx";
import { CheckpointNotFoundError, CorruptCheckpointError } from "../errors.js";
import { apiFetch } from "./api-fetch.js";
import { type RepositoryCache, repositoryCache } from "./cache-layout.js";
import { type DownloadProgress, fetchIntoCache, type HubConnection } from "./download-file.js";
import { hubCacheFolder, hubIsOffline, hubSilence, hubToken } from "./environment.js";
import { explain, isRefusal } from "./hub-failure.js";
import { type HubFiles, isWantedWithin, modelFiles } from "./hub-files.js";
import { mostSmallBytes, Silence } from "./limits.js";
import { isPassing, persistentFetch, type RetryPolicy } from "./retry.js";
import { checkCommit, checkHubUrl, checkRevision, checkToken, isCommit } from "./safe-names.js";
import { isSound } from "./verify-file.js";

export interface HubOptions {
  /** Branch, tag or commit. Default: `main`. */
  readonly revision?: string;
  /** Default: the environment variable `HF_TOKEN`, else what `hf auth login` stored. */
  readonly accessToken?: string;
  /** Default: as the Python client, `HF_HUB_CACHE` or below `HF_HOME`. */
  readonly cacheFolder?: string;
  /** Uses only what the cache holds and asks nobody. Default: whether `HF_HUB_OFFLINE` is set. */
  readonly offline?: boolean;
  /** Default: `HF_ENDPOINT`, else https://huggingface.co. */
  readonly hubUrl?: string;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Requests until a failure stands, and the first wait in milliseconds. Default: 5, and half a second. */
  readonly retries?: Partial<RetryPolicy>;
  /** Milliseconds without an answer until a connection is given up. Default: `HF_HUB_DOWNLOAD_TIMEOUT`, else 10,000. */
  readonly silence?: number;
  /** Compares every cached file with its hash again. Default: large ones only when they are new or changed. */
  readonly verify?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const patience: RetryPolicy = { attempts: 5, delay: 500 };

/**
 * The folder of a hub model with configuration, tokenizer and weights. A branch or tag is looked
 * up each time; when the hub cannot be reached, what the cache holds of it is used.
 *
 * @param id such as `Xenova/llama2.c-stories15M`
 * @param files what to fetch. Default: a model's
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), HubError (`HUB`), CorruptCheckpointError
 * (`CORRUPT_CHECKPOINT`) for a damaged file in the cache that cannot be fetched again, FileAccessError (`FILE_ACCESS`),
 * IncompleteWriteError (`INCOMPLETE_WRITE`), InvalidArgumentError (`INVALID_ARGUMENT`), the signal's reason
 */
export function fetchHubModel(
  id: string,
  options: HubOptions = {},
  files: HubFiles = modelFiles,
): Promise<string> {
  const cacheFolder = options.cacheFolder ?? hubCacheFolder();
  return withFiles(cacheFolder, () => fetchOrFind(id, cacheFolder, options, files));
}

async function fetchOrFind(
  id: string,
  cacheFolder: string,
  options: HubOptions,
  files: HubFiles,
): Promise<string> {
  const { signal, offline = hubIsOffline() } = options;
  const revision = checkRevision(options.revision ?? "main");
  const cache = repositoryCache(cacheFolder, id);
  const cached = await findCached(cache, revision, files, { offline, verify: options.verify });
  const known = isCommit(revision) && files.within === undefined;
  if (cached && (offline || known)) return cached;
  if (offline) throw notCached(id, revision, cacheFolder);
  const token = checkToken(options.accessToken ?? hubToken());
  try {
    // With a copy at hand nobody should wait for a hub that does not answer.
    const connection = await connect(id, revision, options, token, cached ? 1 : undefined);
    await fetchFiles(connection, cache, files);
    await cache.writeReference(revision, connection.revision);
    return cache.snapshot(connection.revision);
  } catch (error) {
    signal?.throwIfAborted();
    if (cached && isUnreachable(error)) return cached;
    throw explain(fileFailure(error, cacheFolder), id, revision, token);
  }
}

/** Whether the hub itself is away, not the model: no connection, or an answer that will be another one later. */
function isUnreachable(error: unknown): boolean {
  if (isRefusal(error)) return isPassing(error.statusCode);
  return error instanceof TypeError || error instanceof Silence;
}

/**
 * The complete snapshot of a revision, all of whose files are what their hashes say.
 *
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`) for one that is not, where it cannot be fetched again
 */
async function findCached(
  cache: RepositoryCache,
  revision: string,
  files: HubFiles,
  { offline, verify }: { readonly offline: boolean; readonly verify?: boolean },
): Promise<string | undefined> {
  const commit = isCommit(revision) ? revision : await cache.readReference(revision);
  if (!commit) return undefined;
  const snapshot = cache.snapshot(commit);
  if (!existsSync(snapshot)) return undefined;
  for (const file of readdirSync(snapshot, { recursive: true, encoding: "utf8" })) {
    const hash = await cache.hashOf(commit, file);
    if (hash === undefined || !existsSync(cache.blob(hash))) continue;
    if (await isSound(cache, hash, verify)) continue;
    if (!offline) return undefined; // fetching finds it damaged again, and mends it
    const reason = "its content is not what the hub announced (its hash differs)";
    throw new CorruptCheckpointError(join(snapshot, file), reason);
  }
  return files.isComplete(snapshot) ? snapshot : undefined;
}

function notCached(id: string, revision: string, cacheFolder: string): CheckpointNotFoundError {
  return new CheckpointNotFoundError(
    id,
    [`${id} at revision ${revision} in ${cacheFolder}`],
    "Offline mode forbids a download: load it once with a connection, or unset HF_HUB_OFFLINE.",
  );
}

async function connect(
  id: string,
  revision: string,
  options: HubOptions,
  accessToken: string | undefined,
  attempts?: number,
): Promise<HubConnection> {
  const { signal, onProgress, verify, fetch: plainFetch = fetch } = options;
  const { silence = hubSilence() } = options;
  const retries = { ...patience, ...options.retries };
  const address = options.hubUrl ?? process.env.HF_ENDPOINT ?? "https://huggingface.co";
  const shared = { hubUrl: checkHubUrl(address), accessToken };
  const asking = attempts ? { ...retries, attempts } : retries;
  const { modelInfo } = await import("@huggingface/hub");
  const { sha } = await modelInfo({
    name: id,
    revision,
    additionalFields: ["sha"],
    ...shared,
    fetch: apiFetch(persistentFetch(plainFetch, asking, silence, signal), {
      ...{ hubUrl: shared.hubUrl, silence, repository: id },
    }),
  });
  return {
    ...{ repo: { type: "model", name: id }, revision: checkCommit(sha, id), ...shared },
    ...{ retries, silence, verify, signal, onProgress },
    fetch: persistentFetch(plainFetch, retries, silence, signal),
  };
}

async function fetchFiles(
  connection: HubConnection,
  cache: RepositoryCache,
  files: HubFiles,
): Promise<void> {
  const { repo, revision } = connection;
  if (files.within !== undefined) return fetchWithin(connection, cache, files.within);
  const entries = await listEntries(connection);
  for (const path of files.small) {
    const entry = entries.get(path);
    if (entry) await fetchIntoCache(connection, cache, entry, mostSmallBytes);
  }
  await fetchFolders(connection, cache, entries.keys(), files.folders);
  const paths = new Set(entries.keys());
  const fetched = new Set<string>();
  // Twice: an index tells the names of the shards once it is there.
  for (let round = 0; round < 2; round++) {
    for (const path of files.weights(paths, cache.snapshot(revision), repo.name)) {
      const entry = entries.get(path);
      if (!entry) throw missingShard(repo.name, path);
      if (!fetched.has(path)) await fetchIntoCache(connection, cache, entry);
      fetched.add(path);
    }
  }
}

/** All that is data in one folder. */
async function fetchWithin(
  connection: HubConnection,
  cache: RepositoryCache,
  folder: string,
): Promise<void> {
  const entries = await listEntries(connection, folder || undefined);
  const inner = [...entries.values()].find(({ type, path }) => {
    return type === "directory" && path.split("/").at(-1) === "checkpoints";
  });
  const more = inner ? await listEntries(connection, inner.path) : new Map<string, ListFileEntry>();
  const all = [...entries.values(), ...more.values()];
  const wanted = all.filter(({ type, path }) => type === "file" && isWantedWithin(folder, path));
  if (wanted.length === 0) throw nothingWithin(connection.repo.name, folder, entries);
  for (const entry of wanted) await fetchIntoCache(connection, cache, entry);
}

function nothingWithin(
  repository: string,
  folder: string,
  entries: ReadonlyMap<string, ListFileEntry>,
): CheckpointNotFoundError {
  const folders = [...entries.values()].filter(({ type }) => type === "directory");
  const names = folders.slice(0, 20).map(({ path }) => path);
  const wayOut = `It holds no settings or tensors itself. Name one of its folders with { folder }: ${names.join(", ") || "it has none"}.`;
  return new CheckpointNotFoundError(repository, [folder || "its root"], wayOut);
}

/** What stands in folders of their own: the modules of sentence-transformers. */
async function fetchFolders(
  connection: HubConnection,
  cache: RepositoryCache,
  paths: Iterable<string>,
  wanted: RegExp | undefined,
): Promise<void> {
  for (const path of paths) {
    if (!wanted?.test(path)) continue;
    for (const entry of (await listEntries(connection, path)).values()) {
      const own = entry.type === "file" && entry.path.startsWith(`${path}/`);
      if (own) await fetchIntoCache(connection, cache, entry, mostSmallBytes);
    }
  }
}

async function listEntries(
  connection: HubConnection,
  path?: string,
): Promise<Map<string, ListFileEntry>> {
  const { repo, hubUrl, silence } = connection;
  const asking = apiFetch(connection.fetch, { hubUrl, silence, repository: repo.name });
  const entries = new Map<string, ListFileEntry>();
  const { listFiles } = await import("@huggingface/hub");
  for await (const entry of listFiles({ ...connection, path, fetch: asking })) {
    if (typeof entry?.path === "string") entries.set(entry.path, entry);
  }
  return entries;
}

function missingShard(repository: string, path: string): CheckpointNotFoundError {
  const rule = `Its index lists this file, but the repository lacks it: its upload is not complete.`;
  return new CheckpointNotFoundError(repository, [path], rule);
}
