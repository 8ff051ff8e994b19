/** Finds a model of the hub in the cache, or downloads the files of it that loading needs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { HubApiError, type ListFileEntry, listFiles, modelInfo } from "@huggingface/hub";
import { CheckpointNotFoundError, HubError } from "../errors.js";
import { indexFile, listShards, weightsFile } from "../loading/checkpoint-files.js";
import { hubCacheFolder, type RepositoryCache, repositoryCache } from "./cache-layout.js";
import { type DownloadProgress, fetchIntoCache, type HubConnection } from "./download-file.js";

export interface HubOptions {
  /** Branch, tag or commit. Default: `main`. */
  readonly revision?: string;
  /** Default: the environment variable `HF_TOKEN`. */
  readonly accessToken?: string;
  /** Default: as the Python client, `HF_HUB_CACHE` or below `HF_HOME`. */
  readonly cacheFolder?: string;
  /** Default: `HF_ENDPOINT`, else https://huggingface.co. */
  readonly hubUrl?: string;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const small = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];
const commitPattern = /^[0-9a-f]{40}$/;

/**
 * The folder of a hub model with configuration, tokenizer and safetensors weights. Without a connection, or
 * with `HF_HUB_OFFLINE=1`, what the cache holds of the revision is used.
 *
 * @param id such as `Xenova/llama2.c-stories15M`
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), HubError (`HUB`)
 */
export async function fetchHubModel(id: string, options: HubOptions = {}): Promise<string> {
  const { revision = "main", signal } = options;
  const cache = repositoryCache(options.cacheFolder ?? hubCacheFolder(), id);
  const known = commitPattern.test(revision) ? revision : await cache.readReference(revision);
  const cached = known && isComplete(cache.snapshot(known)) ? cache.snapshot(known) : undefined;
  if (cached && (known === revision || process.env.HF_HUB_OFFLINE === "1")) return cached;
  try {
    const connection = await connect(id, revision, options);
    await fetchFiles(connection, cache, options.onProgress);
    await cache.writeReference(revision, connection.revision);
    return cache.snapshot(connection.revision);
  } catch (error) {
    signal?.throwIfAborted();
    if (cached && !(error instanceof HubApiError)) return cached;
    throw explain(error, id, revision);
  }
}

async function connect(id: string, revision: string, options: HubOptions): Promise<HubConnection> {
  const { signal, fetch: plainFetch = fetch } = options;
  const shared = {
    hubUrl: options.hubUrl ?? process.env.HF_ENDPOINT,
    accessToken: options.accessToken ?? process.env.HF_TOKEN,
    fetch: (input: string | URL | Request, init?: RequestInit) =>
      plainFetch(input, signal ? { ...init, signal } : init),
  };
  const info = await modelInfo({ name: id, revision, additionalFields: ["sha"], ...shared });
  return { repo: { type: "model", name: id }, revision: info.sha, ...shared };
}

async function fetchFiles(
  connection: HubConnection,
  cache: RepositoryCache,
  onProgress?: (progress: DownloadProgress) => void,
): Promise<void> {
  const entries = new Map<string, ListFileEntry>();
  for await (const entry of listFiles(connection)) entries.set(entry.path, entry);
  const fetchOne = async (path: string) => {
    const entry = entries.get(path);
    if (entry) await fetchIntoCache(connection, cache, entry, onProgress);
  };
  for (const file of small) await fetchOne(file);
  if (entries.has(weightsFile)) return fetchOne(weightsFile);
  if (!entries.has(indexFile)) {
    const { name } = connection.repo;
    throw new CheckpointNotFoundError(
      name,
      [weightsFile, indexFile],
      "This repository has no safetensors weights; look for a converted one.",
    );
  }
  await fetchOne(indexFile);
  for (const shard of shardsOf(cache.snapshot(connection.revision))) await fetchOne(shard);
}

function shardsOf(folder: string): string[] {
  return [...listShards(join(folder, indexFile)).keys()];
}

/** Whether a snapshot holds a configuration and all weights, its links included. */
function isComplete(folder: string): boolean {
  const has = (file: string) => existsSync(join(folder, file));
  if (!has("config.json")) return false;
  return has(weightsFile) || (has(indexFile) && shardsOf(folder).every(has));
}

/** The hub's answer in this library's errors; what is one already stays. */
function explain(error: unknown, id: string, revision: string): unknown {
  if (error instanceof CheckpointNotFoundError || error instanceof HubError) return error;
  if (error instanceof HubApiError) {
    const { statusCode } = error;
    if (statusCode === 404) {
      return new CheckpointNotFoundError(
        id,
        [`${id} at revision ${revision} on the hub`],
        'Check the name, name a folder, or load the model that comes along: "tiny".',
      );
    }
    const access = statusCode === 401 || statusCode === 403;
    const reason = access
      ? "the hub refuses access. The name may be wrong, or the model private or gated: accept its terms and set HF_TOKEN."
      : error.message;
    return new HubError(id, statusCode, reason, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new HubError(id, undefined, `the download failed (${reason}). Try again.`, {
    cause: error,
  });
}
