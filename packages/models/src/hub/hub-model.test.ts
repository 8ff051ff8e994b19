/** Models of a hub on the loopback: what is fetched, where it lies, and what the cache is good for. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { CheckpointNotFoundError, EmbeddingModel, loadModel } from "../index.js";
import { temporaryFolder } from "../test-support/checkpoints.js";
import { commit, gitHash, hubId, sha, startHub } from "../test-support/loopback-hub.js";
import type { DownloadProgress } from "./download-file.js";
import { hubCacheFolder, hubIsOffline, hubToken } from "./environment.js";
import { adapterFiles } from "./hub-files.js";
import { fetchHubModel } from "./hub-model.js";

describe("a model of the hub", () => {
  it("is downloaded, without what loading does not need, and loads", async () => {
    const hub = await startHub();
    const model = await loadModel(hubId, { hubUrl: hub.url, cacheFolder: temporaryFolder() });
    expect(model.config.vocab).toBe(19);
    expect(model.name).toBe(hubId);
    const unneeded = hub.requests.filter(({ path }) => /pytorch_model|README/.test(path));
    expect(unneeded).toEqual([]);
  });

  it("lies in the cache as the Python client would put it there", async () => {
    const hub = await startHub();
    const cacheFolder = temporaryFolder();
    const folder = await fetchHubModel(hubId, { hubUrl: hub.url, cacheFolder });
    const root = join(cacheFolder, "models--someone--small-llama");
    expect(folder).toBe(join(root, "snapshots", commit));
    expect(readFileSync(join(root, "refs/main"), "utf8")).toBe(commit);
    for (const [file, hash] of [
      ["model.safetensors", sha("sha256", hub.files["model.safetensors"])],
      ["config.json", gitHash(hub.files["config.json"])],
    ]) {
      expect(lstatSync(join(folder, file)).isSymbolicLink()).toBe(true);
      expect(readlinkSync(join(folder, file))).toBe(join("..", "..", "blobs", hash));
      expect(existsSync(join(root, "blobs", hash))).toBe(true);
    }
  });

  it("brings the folders in which sentence-transformers says how tokens are pooled", async () => {
    const whole = await startHub();
    const modules = [
      { idx: 0, path: "", type: "sentence_transformers.models.Transformer" },
      { idx: 1, path: "1_Pooling", type: "sentence_transformers.models.Pooling" },
    ];
    const files = {
      ...whole.files,
      "modules.json": Buffer.from(JSON.stringify(modules)),
      "1_Pooling/config.json": Buffer.from(JSON.stringify({ pooling_mode: "lasttoken" })),
      "onnx/model.onnx": Buffer.alloc(9),
    };
    const hub = await startHub({ files });
    const options = { hubUrl: hub.url, cacheFolder: temporaryFolder() };
    const model = await loadModel(hubId, { ...options, as: EmbeddingModel });
    expect(model.headConfig.pooling).toEqual(["last"]);
    const cached = { ...options, offline: true };
    const again = await loadModel(hubId, { ...cached, as: EmbeddingModel });
    expect(again.headConfig.pooling).toEqual(["last"]);
    expect(hub.requests.some(({ path }) => path.includes("onnx"))).toBe(false);
  });

  it("is fetched shard by shard", async () => {
    const whole = await startHub();
    const { "model.safetensors": data, ...rest } = whole.files;
    const index = { weight_map: { "model.norm.weight": "model-00001-of-00001.safetensors" } };
    const files = {
      ...rest,
      "model.safetensors.index.json": Buffer.from(JSON.stringify(index)),
      "model-00001-of-00001.safetensors": data,
    };
    const hub = await startHub({ files });
    const folder = await fetchHubModel(hubId, { hubUrl: hub.url, cacheFolder: temporaryFolder() });
    expect(readFileSync(join(folder, "model-00001-of-00001.safetensors")).equals(data)).toBe(true);
  });

  it("is not downloaded twice", async () => {
    const hub = await startHub();
    const options = { hubUrl: hub.url, cacheFolder: temporaryFolder() };
    await fetchHubModel(hubId, options);
    const before = hub.requests.length;
    await fetchHubModel(hubId, options);
    const again = hub.requests.slice(before).filter(({ path }) => path.includes("/resolve/"));
    expect(again).toEqual([]);
    const asked = hub.requests.length;
    await fetchHubModel(hubId, { ...options, revision: commit });
    expect(hub.requests.length).toBe(asked);
  });

  it("is looked up under the revision that is asked for", async () => {
    const hub = await startHub();
    const cacheFolder = temporaryFolder();
    await fetchHubModel(hubId, { hubUrl: hub.url, cacheFolder, revision: "v1.0" });
    expect(hub.requests[0].path).toContain("/revision/v1.0");
    const reference = join(cacheFolder, "models--someone--small-llama/refs/v1.0");
    expect(readFileSync(reference, "utf8")).toBe(commit);
  });

  it("comes from the cache when the hub cannot be reached, or fails", async () => {
    const hub = await startHub();
    const options = { hubUrl: hub.url, cacheFolder: temporaryFolder() };
    const folder = await fetchHubModel(hubId, options);
    const failing = await startHub({ status: 503 });
    expect(await fetchHubModel(hubId, { ...options, hubUrl: failing.url })).toBe(folder);
    expect(failing.requests).toHaveLength(1);
    await hub.close();
    expect(await fetchHubModel(hubId, options)).toBe(folder);
  });

  it("comes from the cache, and nobody is asked, in offline mode", async () => {
    const hub = await startHub();
    const options = { hubUrl: hub.url, cacheFolder: temporaryFolder() };
    const unknown = fetchHubModel(hubId, { ...options, offline: true });
    await expect(unknown).rejects.toThrow(/Offline mode/);
    await expect(unknown).rejects.toBeInstanceOf(CheckpointNotFoundError);
    expect(hub.requests).toEqual([]);
    const folder = await fetchHubModel(hubId, options);
    const asked = hub.requests.length;
    expect(await fetchHubModel(hubId, { ...options, offline: true })).toBe(folder);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await fetchHubModel(hubId, options)).toBe(folder);
    vi.unstubAllEnvs();
    expect(hub.requests.length).toBe(asked);
  });

  it("reports progress up to the whole size of each file", async () => {
    const hub = await startHub();
    const last = new Map<string, DownloadProgress>();
    const onProgress = (progress: DownloadProgress) => last.set(progress.file, progress);
    await fetchHubModel(hubId, { hubUrl: hub.url, cacheFolder: temporaryFolder(), onProgress });
    expect([...last.keys()]).toEqual(["config.json", "model.safetensors"]);
    for (const { loaded, total } of last.values()) expect(loaded).toBe(total);
  });

  it("is asked for with the given token and fetch", async () => {
    const hub = await startHub();
    const counted = vi.fn(fetch);
    await fetchHubModel(hubId, {
      hubUrl: hub.url,
      cacheFolder: temporaryFolder(),
      accessToken: "hf_secret",
      fetch: counted,
    });
    expect([...hub.authorizations]).toEqual(["Bearer hf_secret"]);
    expect(counted).toHaveBeenCalledTimes(hub.requests.length);
  });
});

describe("an adapter of the hub", () => {
  it("is downloaded without anything else", async () => {
    const config = Buffer.from('{"peft_type":"LORA","r":4,"lora_alpha":4}');
    const weights = Buffer.from("weights");
    const files = {
      "adapter_config.json": config,
      "adapter_model.safetensors": weights,
      "tokenizer.json": Buffer.from("{}"),
    };
    const hub = await startHub({ files });
    const options = { hubUrl: hub.url, cacheFolder: temporaryFolder() };
    const folder = await fetchHubModel(hubId, options, adapterFiles);
    expect(readFileSync(join(folder, "adapter_config.json"))).toEqual(config);
    expect(readFileSync(join(folder, "adapter_model.safetensors")).equals(weights)).toBe(true);
    expect(existsSync(join(folder, "tokenizer.json"))).toBe(false);
  });
});

describe("the environment", () => {
  it("says where the cache is, as to the Python client", () => {
    expect(hubCacheFolder({ HF_HUB_CACHE: "/a", HF_HOME: "/b" })).toBe("/a");
    expect(hubCacheFolder({ HF_HOME: "/b", XDG_CACHE_HOME: "/c" })).toBe("/b/hub");
    expect(hubCacheFolder({ XDG_CACHE_HOME: "/c" })).toBe("/c/huggingface/hub");
    expect(hubCacheFolder({})).toMatch(/\.cache\/huggingface\/hub$/);
  });

  it("has the token, or the folder where it is stored", () => {
    const home = temporaryFolder();
    expect(hubToken({ HF_HOME: home })).toBeUndefined();
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "token"), "hf_stored\n");
    expect(hubToken({ HF_HOME: home })).toBe("hf_stored");
    expect(hubToken({ HF_HOME: home, HF_TOKEN: "hf_given" })).toBe("hf_given");
  });

  it("forbids requests in the words of the Python client", () => {
    const words = ["1", "TRUE", "yes", "on", "0", "", undefined];
    const answers = words.map((word) => hubIsOffline({ HF_HUB_OFFLINE: word }));
    expect(answers).toEqual([true, true, true, true, false, false, false]);
  });
});
