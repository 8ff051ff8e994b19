/** Finds a model of the hub in the cache, or downloads the files of it that loading needs. */
import { HubApiError, type ListFileEntry, listFiles, modelInfo } from "@huggingface/hub";
import { CheckpointNotFoundError } from "../errors.js";
import { type RepositoryCache, repositoryCache } from "./cache-layout.js";
import { type DownloadProgress, fetchIntoCache, type HubConnection } from "./download-file.js";
import { hubCacheFolder, hubIsOffline, hubToken } from "./environment.js";
import { explain } from "./hub-failure.js";
import { type HubFiles, modelFiles } from "./hub-files.js";
import { isPassing, persistentFetch, type RetryPolicy } from "./retry.js";

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
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const commitPattern = /^[0-9a-f]{40}$/;
const patience: RetryPolicy = { attempts: 5, delay: 500 };

/**
 * The folder of a hub model with configuration, tokenizer and safetensors weights. A branch or tag is looked
 * up each time; when the hub cannot be reached, what the cache holds of it is used.
 *
 * @param id such as `Xenova/llama2.c-stories15M`
 * @param files what to fetch. Default: a model's
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), HubError (`HUB`), the signal's reason
 */
export async function fetchHubModel(
  id: string,
  options: HubOptions = {},
  files: HubFiles = modelFiles,
): Promise<string> {
  const { revision = "main", signal, offline = hubIsOffline() } = options;
  const cacheFolder = options.cacheFolder ?? hubCacheFolder();
  const cache = repositoryCache(cacheFolder, id);
  const cached = await findCached(cache, revision, files);
  if (cached && (offline || commitPattern.test(revision))) return cached;
  if (offline) throw notCached(id, revision, cacheFolder);
  try {
    // With a copy at hand nobody should wait for a hub that does not answer.
    const connection = await connect(id, revision, options, cached ? 1 : undefined);
    await fetchFiles(connection, cache, files);
    await cache.writeReference(revision, connection.revision);
    return cache.snapshot(connection.revision);
  } catch (error) {
    signal?.throwIfAborted();
    if (cached && isUnreachable(error)) return cached;
    throw explain(error, id, revision);
  }
}

/** Whether the hub itself is away, not the model: no connection, or an answer that will be another one later. */
function isUnreachable(error: unknown): boolean {
  return error instanceof HubApiError ? isPassing(error.statusCode) : error instanceof TypeError;
}

/** The complete snapshot of a revision. */
async function findCached(
  cache: RepositoryCache,
  revision: string,
  files: HubFiles,
): Promise<string | undefined> {
  const commit = commitPattern.test(revision) ? revision : await cache.readReference(revision);
  if (!commit) return undefined;
  const snapshot = cache.snapshot(commit);
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
  attempts?: number,
): Promise<HubConnection> {
  const { signal, onProgress, fetch: plainFetch = fetch } = options;
  const retries = { ...patience, ...options.retries };
  const shared = {
    hubUrl: options.hubUrl ?? process.env.HF_ENDPOINT ?? "https://huggingface.co",
    accessToken: options.accessToken ?? hubToken(),
  };
  const asking = attempts ? { ...retries, attempts } : retries;
  const { sha } = await modelInfo({
    name: id,
    revision,
    additionalFields: ["sha"],
    ...shared,
    fetch: persistentFetch(plainFetch, asking, signal),
  });
  const persistent = persistentFetch(plainFetch, retries, signal);
  const repo = { type: "model", name: id } as const;
  return { repo, revision: sha, retries, signal, onProgress, ...shared, fetch: persistent };
}

async function fetchFiles(
  connection: HubConnection,
  cache: RepositoryCache,
  files: HubFiles,
): Promise<void> {
  const entries = new Map<string, ListFileEntry>();
  for await (const entry of listFiles(connection)) entries.set(entry.path, entry);
  const paths = new Set(entries.keys());
  const fetched = new Set<string>();
  const fetchOne = async (path: string) => {
    fetched.add(path);
    const entry = entries.get(path);
    if (entry) await fetchIntoCache(connection, cache, entry);
  };
  for (const path of files.small) await fetchOne(path);
  const nextWeights = () =>
    files
      .weights(paths, cache.snapshot(connection.revision), connection.repo.name)
      .find((path) => !fetched.has(path));
  for (let path = nextWeights(); path; path = nextWeights()) await fetchOne(path);
}
