/** Caches on disk: bit for bit what memory held, whole or refused, and removed only where they are ours. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type MxArray, mx, nn, thisWriter } from "@mlxterp/mlx";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { expectSame } from "../../test/support/compare.js";
import { numbers, Stack } from "../../test/support/networks.js";
import { DisposedError, UnknownSiteError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";
import { Tap } from "../tree/tap.js";
import { ActivationCache } from "./cache.js";
import { CacheWriter } from "./cache-writer.js";
import { CorruptCacheError, FolderInUseError } from "./errors.js";

const root = mkdtempSync(join(tmpdir(), "mlxterp-disk-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => {
  vi.unstubAllEnvs();
});
let count = 0;
const newFolder = () => join(root, String(count++), "cache");

const model = new InterpretableModel(new CausalModel(4), { tokenizer: letters, name: "causal" });
const prompts = ["abc", "dcbak"];
const save = ["output", "layers.*", "layers.*.input", "layers.*.selfAttn.pattern"];
const full = await model.run(prompts, { save });
const filesOf = (folder: string) => readdirSync(folder).sort();
const shardsOf = (folder: string) => filesOf(folder).filter((name) => name.endsWith("s"));

function expectEqualCaches(actual: ActivationCache, expected: ActivationCache): void {
  expect(actual.keys()).toEqual(expected.keys());
  for (const [site, value] of expected) expectSame(actual.get(site as string), value);
  expect({ ...actual.provenance, time: "" }).toEqual({ ...expected.provenance, time: "" });
  expect(actual.nbytes).toBe(expected.nbytes);
}

describe("a run that spills", () => {
  it("has the values of one that does not, in the order asked for", async () => {
    const folder = newFolder();
    const run = await model.run(prompts, { save, spill: { budget: 1000, folder } });
    expectEqualCaches(run, full);
    expect(run.memoryBytes).toBe(0);
    expect(shardsOf(folder).length).toBeGreaterThan(3);
    expectSame(run.last("blocks.-1.hook_resid_post"), full.last("layers.3"));
    const { time } = full.provenance;
    expect(JSON.stringify(run).replace(run.provenance.time, time)).toBe(JSON.stringify(full));
  });

  it("leaves the disk alone where everything fits", async () => {
    const folder = newFolder();
    const run = await model.run(prompts, { save, spill: { budget: full.nbytes, folder } });
    expect([existsSync(folder), run.memoryBytes]).toEqual([false, full.nbytes]);
  });

  it("keeps a temporary folder as long as it lives", async () => {
    const temporary = join(root, "temporary");
    mkdirSync(temporary);
    vi.stubEnv("TMPDIR", temporary);
    const run = await model.run(prompts, { save, spill: { budget: "1KB" } });
    expectEqualCaches(run, full);
    expect(readdirSync(temporary)).toHaveLength(1);
    const value = run.get("layers.2");
    run.dispose();
    expect(readdirSync(temporary)).toEqual([]);
    expect(() => run.get("layers.2")).toThrow(DisposedError);
    expectSame(value, full.get("layers.2")); // what was taken before is still readable
  });

  it("keeps a folder that was named", async () => {
    const folder = newFolder();
    (await model.run(prompts, { save, spill: { budget: 1000, folder } })).dispose();
    expectEqualCaches(ActivationCache.open(folder), full);
  });

  it("refuses a folder in use, and replaces activations when told to", async () => {
    const folder = newFolder();
    const spill = { budget: 500, folder };
    await model.run("a", { save: "layers.*", spill: { ...spill, budget: 1 } });
    writeFileSync(join(folder, "notes.txt"), "mine");
    await expect(model.run(prompts, { save, spill })).rejects.toBeInstanceOf(FolderInUseError);
    const old = shardsOf(folder);
    await model.run(prompts, { save, spill: { ...spill, overwrite: true } });
    expectEqualCaches(ActivationCache.open(folder), full);
    expect(shardsOf(folder).some((name) => old.includes(name))).toBe(false);
    expect(filesOf(folder)).toContain("notes.txt");
  });
});

it("spilling computes nothing twice, however small the groups are", async () => {
  // MLX computes an array of a graph once; twice would be another pass, which runs the layers again
  const depth = 64;
  const network = new Stack(depth, 8);
  const ran: number[] = [];
  for (const [index, layer] of network.layers.entries()) {
    const own = layer.forward.bind(layer);
    layer.forward = (y) => {
      ran.push(index);
      return own(y);
    };
  }
  const deep = new InterpretableModel(network);
  const x = numbers(1, 8, 8);
  const plain = await deep.run(x, { save: "layers.*" });
  const once = ran.splice(0);
  const folder = newFolder();
  const spilled = await deep.run(x, { save: "layers.*", spill: { budget: 1, folder } });
  expect(ran).toEqual(once);
  expect(ran).toEqual(Array.from({ length: depth }, (_, index) => index));
  expect(shardsOf(folder)).toHaveLength(depth); // each layer is a group of its own
  expectEqualCaches(spilled, plain);
});

describe("a cache that is moved or saved", () => {
  it("is the same in memory, moved, moved again, and opened", async () => {
    const run = await model.run(prompts, { save, positions: [0, -1], dtype: "bfloat16" });
    const copy = await model.run(prompts, { save, positions: [0, -1], dtype: "bfloat16" });
    await run.spill();
    expectEqualCaches(run, copy);
    const folder = newFolder();
    await run.spill(folder, { shardBytes: 300 });
    expectEqualCaches(run, copy);
    const opened = ActivationCache.open(folder);
    expectEqualCaches(opened, copy);
    expect(opened.positions).toEqual([0, -1]);
    expectSame(opened.last("layers.1"), copy.last("layers.1"));
  });

  it("stays in memory when it is saved, and again saved from the disk", async () => {
    const [folder, other] = [newFolder(), newFolder()];
    const run = await model.run(prompts, { save });
    await run.save(folder);
    expect(run.memoryBytes).toBe(run.nbytes);
    await ActivationCache.open(folder).save(other, { shardBytes: 100 });
    expectEqualCaches(ActivationCache.open(other), full);
    await expect(run.save(folder)).rejects.toBeInstanceOf(FolderInUseError);
  });

  it("can be saved over the folder it is in", async () => {
    const folder = newFolder();
    await full.save(folder);
    const opened = ActivationCache.open(folder);
    await opened.save(folder, { overwrite: true, shardBytes: 200 });
    expectEqualCaches(ActivationCache.open(folder), full);
    expectEqualCaches(opened, full);
  });

  it("brings tokens, lengths and axes back, and all spellings of its names", async () => {
    const folder = newFolder();
    await full.save(folder);
    const opened = ActivationCache.open(folder);
    expect(opened.tokens?.ids).toEqual(full.tokens?.ids);
    expect(opened.tokens?.lengths).toEqual([3, 5]);
    expect(opened.tokens?.padding).toBe("right");
    expectSame(opened.tokens?.array as MxArray, full.tokens?.array as MxArray);
    for (const name of ["layers.3", "layers.-1", "model.layers.3", "blocks.3.hook_resid_post"]) {
      expectSame(opened.get(name), full.get("layers.3"));
      expectSame(opened.last(name), full.last("layers.3"));
    }
    expect(opened.positionAxis("blocks.0.attn.hook_pattern")).toBe(2);
    expect(opened.has("layers.9")).toBe(false);
    expect(() => opened.get("embedTokens")).toThrow(UnknownSiteError);
  });

  it("may hold integers, booleans, scalars and nothing at all, of several calls", async () => {
    class Mixed extends nn.Module {
      tap = new Tap(["batch"]);
      override forward(x: MxArray): MxArray {
        for (const array of [
          mx.array([2 ** 24], mx.int32),
          mx.greater(x, 0.5),
          mx.array(3, mx.uint8),
          mx.zeros([0, 3], mx.float16),
          x.moveaxis(0, 1),
        ]) {
          this.tap.forward(array);
        }
        return x.index(mx.Slice(), mx.Slice(0, 4, 2));
      }
    }
    const mixed = new InterpretableModel(new Mixed());
    const run = await mixed.run(numbers(3, 4), { save: ["tap", "output"] });
    const folder = newFolder();
    await run.save(folder);
    const opened = ActivationCache.open(folder);
    expectEqualCaches(opened, run);
    expect(opened.tokens).toBeUndefined();
    expect(() => opened.get("tap")).toThrow(/tap#0, tap#1, tap#2, tap#3, tap#4/);
    expectSame(opened.get("tap#3"), mx.zeros([0, 3], mx.float16));
    const none = run.mapped(() => undefined);
    const empty = newFolder();
    await none.save(empty);
    expect(ActivationCache.open(empty).size).toBe(0);
  });
});

it.skipIf(!existsSync("/proc/self/fd"))("going through a cache opens each file once", async () => {
  const deep = new InterpretableModel(new Stack(64, 4));
  const spill = { budget: "4KB" } as const;
  using run = await deep.run(numbers(1, 4, 4), { save: "**", spill });
  const before = readdirSync("/proc/self/fd").length;
  const entries = run.entries();
  expect(entries).toHaveLength(4 * 64 - 64 + 1);
  expect(readdirSync("/proc/self/fd").length - before).toBeLessThan(20);
});

describe("a damaged folder", () => {
  async function saved(): Promise<{ folder: string; shard: string; manifest: string }> {
    const folder = newFolder();
    await full.save(folder, { shardBytes: 1000 });
    const [shard] = shardsOf(folder);
    return { folder, shard: join(folder, shard), manifest: join(folder, "manifest.json") };
  }

  it.each<[string, RegExp, (at: { shard: string; manifest: string }) => void]>([
    [
      "without its manifest",
      /manifest.json: the file is missing/,
      ({ manifest }) => rmSync(manifest),
    ],
    [
      "with half a manifest",
      /manifest.json: it is not JSON/,
      ({ manifest }) => truncateSync(manifest, 300),
    ],
    [
      "with another file as manifest",
      /its format is not/,
      ({ manifest }) => writeFileSync(manifest, "{}"),
    ],
    [
      "of a later version",
      /version 3, and this library reads 2/,
      ({ manifest }) =>
        writeFileSync(
          manifest,
          readFileSync(manifest, "utf8").replace('"version":2', '"version":3'),
        ),
    ],
    [
      "whose manifest lacks hashes",
      /of the wrong kind/,
      ({ manifest }) =>
        writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"sha256"', '"sha1"')),
    ],
    [
      "whose manifest leads elsewhere",
      /of the wrong kind/,
      ({ manifest }) =>
        writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"file":"', '"file":"../')),
    ],
    ["without a shard", /00000.safetensors: the file is missing/, ({ shard }) => rmSync(shard)],
    [
      "with a shard cut short",
      /00000.safetensors: it ends 1 bytes early/,
      ({ shard }) => truncateSync(shard, readFileSync(shard).length - 1),
    ],
    [
      "with an empty shard",
      /00000.safetensors: it has only 0 bytes/,
      ({ shard }) => truncateSync(shard, 0),
    ],
    [
      "with noise for a shard",
      /00000.safetensors: its header claims/,
      ({ shard }) => writeFileSync(shard, Buffer.alloc(5000, 255)),
    ],
  ])("%s is refused, by the file's name", async (_name, message, damage) => {
    const { folder, ...at } = await saved();
    damage(at);
    expect(() => ActivationCache.open(folder)).toThrow(CorruptCacheError);
    expect(() => ActivationCache.open(folder)).toThrow(message);
  });

  it("with one bit changed among the numbers is found by its hash", async () => {
    const { folder, shard } = await saved();
    const opened = ActivationCache.open(folder);
    const done: number[] = [];
    await opened.verify({ onProgress: (progress) => done.push(progress.done / progress.total) });
    expect([done.length, done.at(-1)]).toEqual([shardsOf(folder).length, 1]);
    const bytes = readFileSync(shard);
    bytes[bytes.length - 5] ^= 1;
    writeFileSync(shard, bytes);
    const error = await ActivationCache.open(folder)
      .verify()
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CorruptCacheError);
    expect(error).toMatchObject({ file: shard, reason: expect.stringMatching(/SHA-256 differs/) });
    rmSync(shard);
    await expect(opened.verify()).rejects.toThrow(CorruptCacheError);
    await expect(opened.verify({ signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    await full.verify(); // nothing of it is in files
  });

  it("with shards of two saves is refused", async () => {
    const [one, other] = [await saved(), await saved()];
    copyFileSync(other.shard, one.shard);
    expect(() => ActivationCache.open(one.folder)).toThrow(/another save/);
  });

  it("that was damaged after it was opened is refused when it is read", async () => {
    const { folder, shard } = await saved();
    const opened = ActivationCache.open(folder);
    truncateSync(shard, 900);
    expect(() => opened.get("layers.0.input")).toThrow(CorruptCacheError);
    expectSame(opened.get("output"), full.get("output"));
  });

  it("left by a process that ended while it wrote is no cache, and can be written again", async () => {
    const folder = newFolder();
    const writer = new CacheWriter(folder, false);
    const entries = new Map(full.held().map((entry) => [entry.site.name, entry]));
    const written: string[] = [];
    await writer.write(entries, 1000, ({ site }) => written.push(site.name));
    expect(written).toHaveLength(full.size);
    const killed = spawnSync(process.execPath, ["-e", ""]).pid; // a number that is nobody's any more
    const { host } = thisWriter();
    const half = `.incomplete-${host}-${killed}-0-activations-00000000-00009.safetensors`;
    writeFileSync(join(folder, half), "half");
    expect(() => ActivationCache.open(folder)).toThrow(/manifest.json: the file is missing/);
    await full.save(folder, { overwrite: true });
    expectEqualCaches(ActivationCache.open(folder), full);
    expect(filesOf(folder)).toHaveLength(2);
  });
});

describe("a write that fails half way", () => {
  /** A cache whose first shard can be read, and whose last cannot. */
  async function broken(): Promise<ActivationCache> {
    const folder = newFolder();
    await full.save(folder, { shardBytes: 1000 });
    const opened = ActivationCache.open(folder);
    rmSync(join(folder, shardsOf(folder).at(-1) as string));
    return opened;
  }

  it("leaves nothing behind when it was a copy", async () => {
    const [opened, folder] = [await broken(), newFolder()];
    await expect(opened.save(folder, { shardBytes: 500 })).rejects.toThrow(CorruptCacheError);
    expect(filesOf(folder)).toEqual([]);
  });

  it("leaves what was moved readable until the cache is disposed", async () => {
    const [opened, folder] = [await broken(), newFolder()];
    await expect(opened.spill(folder, { shardBytes: 500 })).rejects.toThrow(CorruptCacheError);
    expect(() => ActivationCache.open(folder)).toThrow(CorruptCacheError);
    expectSame(opened.get("layers.0.input"), full.get("layers.0.input"));
    opened.dispose();
    expect(filesOf(folder)).toEqual([]);
  });
});

it("a run that fails while it spills leaves nothing behind", async () => {
  const folder = newFolder();
  mkdirSync(dirname(folder), { recursive: true });
  writeFileSync(folder, "a file where the folder should be");
  const spill = { budget: 1, folder };
  await expect(model.run(prompts, { save, spill })).rejects.toThrow(/EEXIST|ENOTDIR/);
  expect(readFileSync(folder, "utf8")).toMatch(/^a file/);
});
