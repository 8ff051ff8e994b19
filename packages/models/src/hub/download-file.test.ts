/** Downloads that go wrong, against a hub on the loopback: nothing half-written is ever taken for whole. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CheckpointNotFoundError, HubError, loadModel } from "../index.js";
import { temporaryFolder } from "../test-support/checkpoints.js";
import {
  commit,
  type HubBehaviour,
  hubId,
  type LoopbackHub,
  sha,
  startHub,
} from "../test-support/loopback-hub.js";
import type { DownloadProgress } from "./download-file.js";
import { fetchHubModel, type HubOptions } from "./hub-model.js";

const weights = "model.safetensors";

interface Attempt {
  readonly hub: LoopbackHub;
  readonly cacheFolder: string;
  readonly options: HubOptions;
}

async function prepare(behaviour: HubBehaviour = {}, options: HubOptions = {}): Promise<Attempt> {
  const hub = await startHub(behaviour);
  const cacheFolder = temporaryFolder();
  const retries = { attempts: 3, delay: 1 };
  return { hub, cacheFolder, options: { hubUrl: hub.url, cacheFolder, retries, ...options } };
}

async function failureOf({ options }: Attempt): Promise<unknown> {
  return fetchHubModel(hubId, options).then(
    () => undefined,
    (error: unknown) => error,
  );
}

const root = (cacheFolder: string) => join(cacheFolder, "models--someone--small-llama");
const hashOf = (hub: LoopbackHub) => sha("sha256", hub.files[weights]);
const partialOf = ({ hub, cacheFolder }: Attempt) =>
  join(root(cacheFolder), "blobs", `${hashOf(hub)}.incomplete`);

/** Neither as content nor in a snapshot. */
function expectNoWeights({ hub, cacheFolder }: Attempt): void {
  expect(existsSync(join(root(cacheFolder), "snapshots", commit, weights))).toBe(false);
  expect(readdirSync(join(root(cacheFolder), "blobs"))).not.toContain(hashOf(hub));
}

async function expectWhole({ hub, options }: Attempt): Promise<void> {
  const folder = await fetchHubModel(hubId, options);
  expect(readFileSync(join(folder, weights)).equals(hub.files[weights])).toBe(true);
  expect(readdirSync(join(folder, "../../blobs")).join()).not.toContain("incomplete");
}

/** Puts a beginning of the weights where an earlier download would have left it. */
function leavePartial(attempt: Attempt, data: Buffer): void {
  mkdirSync(join(root(attempt.cacheFolder), "blobs"), { recursive: true });
  writeFileSync(partialOf(attempt), data);
}

describe("a download that breaks off", () => {
  it("goes on where it stopped, as often as something comes", async () => {
    const cuts = [1000, 500, 700, 10, 1];
    const attempt = await prepare({ cuts });
    await expectWhole(attempt);
    const [first, ...ranges] = attempt.hub.weightRanges();
    expect(first).toBeUndefined();
    expect(ranges).toHaveLength(cuts.length);
    let [before, sent] = [0, 0];
    for (const [index, range] of ranges.entries()) {
      const offset = Number(/^bytes=(\d+)-$/.exec(range ?? "bytes=0-")?.[1]);
      sent += cuts[index]; // the last bytes before a break may be lost
      expect(offset).toBeGreaterThanOrEqual(before);
      expect(offset).toBeLessThanOrEqual(sent);
      [before, sent] = [offset, offset];
    }
    expect(before).toBeGreaterThan(0);
  });

  it("goes on in a later call with what has come", async () => {
    const attempt = await prepare({ cuts: [1000, 0, 0] });
    const error = await failureOf(attempt);
    expect(error).toBeInstanceOf(HubError);
    expect((error as Error).message).toMatch(/broke off after \d+ of \d+ bytes/);
    expectNoWeights(attempt);
    const kept = readFileSync(partialOf(attempt)).length;
    expect(kept).toBeGreaterThan(0);
    const seen: DownloadProgress[] = [];
    const onProgress = (progress: DownloadProgress) => seen.push(progress);
    await expectWhole({ ...attempt, options: { ...attempt.options, onProgress } });
    expect(attempt.hub.weightRanges().at(-1)).toBe(`bytes=${kept}-`);
    expect(seen[0].loaded).toBeGreaterThan(kept);
  });

  it("ends after some fruitless requests", async () => {
    const attempt = await prepare({ cut: 0 });
    expect(await failureOf(attempt)).toBeInstanceOf(HubError);
    expect(attempt.hub.weightRanges()).toHaveLength(3);
    expectNoWeights(attempt);
  });

  it("starts over where the server knows no ranges", async () => {
    const attempt = await prepare({ cuts: [1000], ignoreRange: true });
    await expectWhole(attempt);
  });

  it("is not fooled by an answer that ends early in good order", async () => {
    const attempt = await prepare({ short: 5000, chunked: true });
    await expectWhole(attempt);
    expect(attempt.hub.weightRanges()[1]).toBe("bytes=5000-");
  });

  it("starts over when what lay there is damaged, longer, or already too much", async () => {
    for (const data of [Buffer.alloc(1000), Buffer.alloc(1_000_000)]) {
      const attempt = await prepare();
      leavePartial(attempt, data);
      await expectWhole(attempt);
    }
  });

  it("needs no request for what had come whole", async () => {
    const attempt = await prepare();
    leavePartial(attempt, attempt.hub.files[weights]);
    await expectWhole(attempt);
    expect(attempt.hub.weightRanges()).toEqual([]);
  });
});

describe("two downloads of one model at once", () => {
  it("both end with the whole", async () => {
    for (const behaviour of [{}, { cuts: [1000, 2000, 500] }]) {
      const attempt = await prepare(behaviour);
      await Promise.all([
        fetchHubModel(hubId, attempt.options),
        fetchHubModel(hubId, attempt.options),
      ]);
      await expectWhole(attempt);
    }
  });
});

describe("a hub that lies", () => {
  for (const [lie, behaviour, message] of [
    ["sends other bytes", { damage: true }, /arrived damaged/],
    ["names another size", { surplus: 3 }, /bytes where the hub announced/],
    ["sends more than it announced", { surplus: 3, chunked: true }, /is longer than/],
    ["ends too early, with that length", { short: 5000 }, /has 5000 bytes where/],
  ] as [string, HubBehaviour, RegExp][]) {
    it(`is found out when it ${lie}, and nothing is kept`, async () => {
      const attempt = await prepare(behaviour);
      const error = await failureOf(attempt);
      expect(error).toBeInstanceOf(HubError);
      expect((error as Error).message).toMatch(message);
      expectNoWeights(attempt);
      const kept = existsSync(partialOf(attempt)) ? readFileSync(partialOf(attempt)).length : 0;
      expect(kept).toBe(0);
    });
  }
});

describe("a hub that cannot answer now", () => {
  it("is asked again after 429, 500, 503 and broken connections", async () => {
    await expectWhole(await prepare({ refusals: [429, 500] }));
    await expectWhole(await prepare({ refusals: [0, 503] }));
  });

  it("is given the time that it asks for", async () => {
    const attempt = await prepare({ refusals: [429], retryAfter: "1" });
    const start = performance.now();
    await expectWhole(attempt);
    expect(performance.now() - start).toBeGreaterThan(990);
  });

  for (const [status, way] of [
    [429, /HF_TOKEN/],
    [500, /later/],
  ] as const) {
    it(`is an error with status ${status} in the end`, async () => {
      const attempt = await prepare({ status });
      const error = await failureOf(attempt);
      expect(error).toMatchObject({ code: "HUB", status, repository: hubId });
      expect((error as Error).message).toMatch(way);
      expect(attempt.hub.requests).toHaveLength(3);
    });
  }

  it("is an error when it cannot be reached", async () => {
    const attempt = await prepare();
    await attempt.hub.close();
    expect(await failureOf(attempt)).toBeInstanceOf(HubError);
  });
});

describe("a hub that refuses", () => {
  it("says that a name is unknown, and is asked once", async () => {
    const attempt = await prepare({ status: 404 });
    const error = await failureOf(attempt);
    expect(error).toBeInstanceOf(CheckpointNotFoundError);
    expect((error as Error).message).toContain(`${hubId} at revision main`);
    expect(attempt.hub.requests).toHaveLength(1);
  });

  for (const status of [401, 403]) {
    it(`names HF_TOKEN with status ${status}, for a model and for one of its files`, async () => {
      for (const behaviour of [{ status }, { fileStatus: status }]) {
        const error = await failureOf(await prepare(behaviour));
        expect(error).toMatchObject({ code: "HUB", status, repository: hubId });
        expect((error as Error).message).toContain("HF_TOKEN");
      }
    });
  }

  it("says that there are no safetensors", async () => {
    const error = await failureOf(await prepare({ files: { "config.json": Buffer.from("{}") } }));
    expect(error).toBeInstanceOf(CheckpointNotFoundError);
    expect((error as Error).message).toContain("no safetensors");
  });
});

describe("a download that is aborted", () => {
  it("ends with the signal's reason and can be taken up again", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const onProgress = ({ file }: DownloadProgress) => {
      if (file === weights) controller.abort(reason);
    };
    const attempt = await prepare({}, { signal: controller.signal, onProgress });
    expect(await failureOf(attempt)).toBe(reason);
    const options = { ...attempt.options, signal: undefined, onProgress: undefined };
    await expectWhole({ ...attempt, options });
  });

  it("ends also while it waits", async () => {
    const controller = new AbortController();
    const attempt = await prepare(
      { status: 503 },
      { signal: controller.signal, retries: { delay: 60_000 } },
    );
    const failure = failureOf(attempt);
    setTimeout(() => controller.abort(), 50);
    expect(await failure).toBe(controller.signal.reason);
  });

  it("does not begin with a signal that is aborted already", async () => {
    const attempt = await prepare({}, { signal: AbortSignal.abort(new Error("never")) });
    await expect(loadModel(hubId, attempt.options)).rejects.toThrow("never");
    expect(attempt.hub.requests).toEqual([]);
  });
});
