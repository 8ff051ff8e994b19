/** Downloads from a hub on the loopback: the cache layout, and every way a download fails. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { CheckpointNotFoundError, HubError, loadModel } from "../index.js";
import { temporaryFolder, writeCheckpoint } from "../test-support/checkpoints.js";
import { hubCacheFolder } from "./cache-layout.js";
import type { DownloadProgress } from "./download-file.js";
import { fetchHubModel } from "./hub-model.js";

const commit = "0123456789abcdef0123456789abcdef01234567";
const id = "someone/small-llama";

interface Hub {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly requests: string[];
  readonly authorizations: Set<string | undefined>;
  close(): Promise<void>;
}

interface HubBehaviour {
  readonly status?: number;
  /** Only so many bytes of model.safetensors, then the connection breaks. */
  readonly cut?: number;
  /** Changes the content of model.safetensors, not its announcement. */
  readonly damage?: boolean;
  readonly files?: Readonly<Record<string, Buffer>>;
}

const sha = (algorithm: string, data: Buffer) => createHash(algorithm).update(data).digest("hex");

function checkpointFiles(): Record<string, Buffer> {
  const folder = writeCheckpoint();
  const files = Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]),
  );
  return {
    ...files,
    "pytorch_model.bin": Buffer.from("not wanted"),
    "README.md": Buffer.from("#"),
  };
}

async function startHub(behaviour: HubBehaviour = {}): Promise<Hub> {
  const files = behaviour.files ?? checkpointFiles();
  const requests: string[] = [];
  const authorizations = new Set<string | undefined>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "", "http://hub").pathname;
    requests.push(path);
    authorizations.add(request.headers.authorization);
    if (behaviour.status) return sendJson(response, { error: "refused" }, behaviour.status);
    if (path.startsWith(`/api/models/${id}/tree/`)) return sendJson(response, listing(files));
    if (path.startsWith(`/api/models/${id}`))
      return sendJson(response, { _id: "1", id, sha: commit });
    const name = path.split(`/${id}/resolve/${commit}/`)[1];
    if (name && files[name]) return sendFile(request, response, name, files[name], behaviour);
    sendJson(response, { error: "not found" }, 404);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  onTestFinished(close);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests, authorizations, close };
}

function listing(files: Readonly<Record<string, Buffer>>) {
  return Object.entries(files).map(([path, data]) => ({
    type: "file",
    path,
    size: data.length,
    oid: sha("sha1", data),
    ...(path.endsWith(".safetensors") && {
      lfs: { oid: sha("sha256", data), size: data.length, pointerSize: 100 },
    }),
  }));
}

function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  data: Buffer,
  { cut, damage }: HubBehaviour,
): void {
  const etag = `"${sha("sha1", data)}"`;
  if (request.headers.range) {
    response.writeHead(206, {
      etag,
      "content-range": `bytes 0-0/${data.length}`,
      "content-length": 1,
    });
    response.end(data.subarray(0, 1));
    return;
  }
  const large = name === "model.safetensors";
  response.writeHead(200, { etag, "content-length": data.length });
  if (large && cut !== undefined) response.write(data.subarray(0, cut), () => response.destroy());
  else response.end(large && damage ? Buffer.alloc(data.length) : data);
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("a model of the hub", () => {
  it("is downloaded, without what loading does not need, and loads", async () => {
    const hub = await startHub();
    const cacheFolder = temporaryFolder();
    const model = await loadModel(id, { hubUrl: hub.url, cacheFolder });
    expect(model.config.vocab).toBe(19);
    expect(model.name).toBe(id);
    expect(hub.requests.filter((path) => path.includes("pytorch_model"))).toEqual([]);
    expect(hub.requests.filter((path) => path.includes("README"))).toEqual([]);
  });

  it("lies in the cache as the Python client would put it there", async () => {
    const hub = await startHub();
    const cacheFolder = temporaryFolder();
    const folder = await fetchHubModel(id, { hubUrl: hub.url, cacheFolder });
    const root = join(cacheFolder, "models--someone--small-llama");
    expect(folder).toBe(join(root, "snapshots", commit));
    expect(readFileSync(join(root, "refs/main"), "utf8")).toBe(commit);
    const weights = join(folder, "model.safetensors");
    const hash = sha("sha256", readFileSync(weights));
    expect(lstatSync(weights).isSymbolicLink()).toBe(true);
    expect(readlinkSync(weights)).toBe(join("..", "..", "blobs", hash));
    expect(existsSync(join(root, "blobs", hash))).toBe(true);
  });

  it("is not downloaded twice", async () => {
    const hub = await startHub();
    const options = { hubUrl: hub.url, cacheFolder: temporaryFolder() };
    await fetchHubModel(id, options);
    const before = hub.requests.length;
    await fetchHubModel(id, options);
    expect(hub.requests.slice(before).filter((path) => path.includes("/resolve/"))).toEqual([]);
    const asked = hub.requests.length;
    await fetchHubModel(id, { ...options, revision: commit });
    expect(hub.requests.length).toBe(asked);
  });

  it("comes from the cache when the hub cannot be reached", async () => {
    const hub = await startHub();
    const options = { hubUrl: hub.url, cacheFolder: temporaryFolder() };
    const folder = await fetchHubModel(id, options);
    await hub.close();
    expect(await fetchHubModel(id, options)).toBe(folder);
  });

  it("reports progress up to the whole size of each file", async () => {
    const hub = await startHub();
    const last = new Map<string, DownloadProgress>();
    const onProgress = (progress: DownloadProgress) => last.set(progress.file, progress);
    await fetchHubModel(id, { hubUrl: hub.url, cacheFolder: temporaryFolder(), onProgress });
    expect([...last.keys()]).toEqual(["config.json", "model.safetensors"]);
    for (const { loaded, total } of last.values()) expect(loaded).toBe(total);
  });

  it("is asked for with the given token and fetch", async () => {
    const hub = await startHub();
    const counted = vi.fn(fetch);
    await fetchHubModel(id, {
      hubUrl: hub.url,
      cacheFolder: temporaryFolder(),
      accessToken: "hf_secret",
      fetch: counted,
    });
    expect([...hub.authorizations]).toEqual(["Bearer hf_secret"]);
    expect(counted).toHaveBeenCalledTimes(hub.requests.length);
  });
});

describe("a download that fails", () => {
  it("says that a name is unknown", async () => {
    const hub = await startHub({ status: 404 });
    const error = await failure(loadModel(id, { hubUrl: hub.url, cacheFolder: temporaryFolder() }));
    expect(error).toBeInstanceOf(CheckpointNotFoundError);
    expect((error as Error).message).toContain(id);
  });

  it("says that access is refused", async () => {
    const hub = await startHub({ status: 401 });
    const error = await failure(loadModel(id, { hubUrl: hub.url, cacheFolder: temporaryFolder() }));
    expect(error).toBeInstanceOf(HubError);
    expect(error).toMatchObject({ status: 401, repository: id });
    expect((error as Error).message).toContain("HF_TOKEN");
  });

  for (const [name, behaviour] of [
    ["breaks off", { cut: 1000 }],
    ["arrives damaged", { damage: true }],
  ] as const) {
    it(`says that a file ${name}, and leaves nothing of it`, async () => {
      const hub = await startHub(behaviour);
      const cacheFolder = temporaryFolder();
      const error = await failure(loadModel(id, { hubUrl: hub.url, cacheFolder }));
      expect(error).toBeInstanceOf(HubError);
      const blobs = readdirSync(join(cacheFolder, "models--someone--small-llama/blobs"));
      expect(blobs).toEqual([
        sha(
          "sha1",
          readFileSync(
            join(cacheFolder, "models--someone--small-llama/snapshots", commit, "config.json"),
          ),
        ),
      ]);
    });
  }

  it("says that there are no safetensors", async () => {
    const hub = await startHub({ files: { "config.json": Buffer.from("{}") } });
    const error = await failure(loadModel(id, { hubUrl: hub.url, cacheFolder: temporaryFolder() }));
    expect(error).toBeInstanceOf(CheckpointNotFoundError);
    expect((error as Error).message).toContain("no safetensors");
  });

  it("says that the hub cannot be reached", async () => {
    const hub = await startHub();
    await hub.close();
    const error = await failure(loadModel(id, { hubUrl: hub.url, cacheFolder: temporaryFolder() }));
    expect(error).toBeInstanceOf(HubError);
  });

  it("ends with the signal's reason", async () => {
    const hub = await startHub();
    const controller = new AbortController();
    const reason = new Error("enough");
    const onProgress = () => controller.abort(reason);
    const options = {
      hubUrl: hub.url,
      cacheFolder: temporaryFolder(),
      signal: controller.signal,
      onProgress,
    };
    expect(await failure(loadModel(id, options))).toBe(reason);
  });
});

describe("the cache's folder", () => {
  it("is where the Python client has it", () => {
    expect(hubCacheFolder({ HF_HUB_CACHE: "/a", HF_HOME: "/b" })).toBe("/a");
    expect(hubCacheFolder({ HF_HOME: "/b", XDG_CACHE_HOME: "/c" })).toBe("/b/hub");
    expect(hubCacheFolder({ XDG_CACHE_HOME: "/c" })).toBe("/c/huggingface/hub");
    expect(hubCacheFolder({})).toMatch(/\.cache\/huggingface\/hub$/);
  });
});
