/** Collections on disk: what they hold, and what they are continued with. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DtypeOverflowError } from "@mlxterp/core";
import { CorruptFileError, type MxArray, mx, readTensors } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { collectToMemory } from "../collect/collect-to-memory.js";
import { RowShapeError, StoreBusyError, StoreExistsError, StoreMismatchError } from "../errors.js";
import { contentOf, difference, temporaryFolder } from "../testing/fixtures.js";
import { sequences, smallModel } from "../testing/small-model.js";
import { type CollectToDiskOptions, collectToDisk } from "./collect-to-disk.js";
import { openStore } from "./store.js";

const model = smallModel();
const sites = ["layers.0", "layers.1.selfAttn.z"];
const dataset = sequences(60);

/** About 300 rows of 128 bytes: a shard every 20 sequences or so. */
const common = { save: sites, batchSize: 4, shardBytes: 12_000 };

/** Ends a collection after so many sequences, as if cancelled. */
async function begun(folder: string, after: number, options: Partial<CollectToDiskOptions> = {}) {
  const control = new AbortController();
  const cancelled = collectToDisk(model, dataset, {
    ...common,
    ...options,
    folder,
    signal: control.signal,
    onProgress: (progress) => {
      if (progress.sequences >= after) control.abort(new Error("cancelled"));
    },
  });
  await expect(cancelled).rejects.toThrow("cancelled");
}

describe("a collection on disk", () => {
  it.each([
    [null],
    [3],
    [mx.array(3)],
    [{}],
    [[Symbol("id")]],
    [[null, 1]],
    [new DataView(new ArrayBuffer(4))],
  ])("refuses %o among the prompts by its number, before it is hashed", async (prompt: unknown) => {
    const prompts = [[1, 2], prompt] as number[][];
    const collected = collectToDisk(model, prompts, { ...common, folder: temporaryFolder() });
    await expect(collected).rejects.toMatchObject({ code: "INVALID_SEQUENCE", sequence: 1 });
  });

  it("holds what a collection in memory does, in shards that any reader of safetensors opens", async () => {
    const folder = temporaryFolder();
    await using store = await collectToDisk(model, dataset, { ...common, folder });
    const expected = await collectToMemory(model, dataset, { save: sites, batchSize: 4 });
    const all = Array.from({ length: store.rows }, (_, row) => row);
    expect([store.rows, store.sequences, store.complete]).toEqual([expected.rows, 60, true]);
    expect(store.sites.map(({ site, shape }) => [site, shape])).toEqual([
      ["layers.0", [16]],
      ["layers.1.selfAttn.z", [4, 4]],
    ]);
    for (const site of sites) {
      expect(difference(store.read(site, all), expected.activations[site])).toBe(0);
    }
    const { sequence, position, token } = expected;
    expect(store.origins(all)).toEqual({ sequence, position, token });
    const files = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));
    expect(files.length).toBeGreaterThan(2);
    const parts = files.map((name) => readTensors(join(folder, name)).tensors[sites[0]]);
    expect(difference(mx.concatenate(parts, 0), expected.activations[sites[0]])).toBe(0);
  });

  it("says how it was made", async () => {
    const folder = temporaryFolder();
    const interventions = { "layers.0": (x: MxArray) => x };
    const options = { ...common, folder, interventions, positions: { from: 1 } };
    const store = await collectToDisk(model.edit(interventions), dataset, options);
    expect(store.collection).toEqual({
      model: "small",
      interventions: ["layers.0"],
      sites,
      positions: { from: 1 },
      dtype: "float32",
    });
    expect(store.provenance).toMatchObject({
      model: "small",
      weights: { hash: expect.any(String) },
      edits: [{ name: "edit1", sites: ["layers.0"] }],
      interventions: ["layers.0"],
      versions: { node: process.versions.node },
    });
  });

  it("is the same to the last bit when it was interrupted and continued", async () => {
    const [whole, folder] = [temporaryFolder(), temporaryFolder()];
    await collectToDisk(model, dataset, { ...common, folder: whole });
    for (const after of [4, 8, 24, 28, 52]) await begun(folder, after);
    expect((await openStore(folder)).complete).toBe(false);
    await collectToDisk(model, dataset, { ...common, folder });
    expect(contentOf(folder)).toEqual(contentOf(whole));
  });

  it("that is complete is opened again, and nothing is collected", async () => {
    const folder = temporaryFolder();
    await collectToDisk(model, dataset, { ...common, folder });
    const before = contentOf(folder);
    let passes = 0;
    const options = { ...common, folder, onProgress: () => passes++ };
    expect((await collectToDisk(model, dataset, options)).sequences).toBe(60);
    expect([passes, contentOf(folder)]).toEqual([0, before]);
  });

  it("may be of no token at all", async () => {
    const folder = temporaryFolder();
    const store = await collectToDisk(model, [], { ...common, folder });
    expect([store.rows, store.complete, store.sites]).toEqual([0, true, []]);
    const again = await collectToDisk(model, [], { ...common, folder });
    expect(again.rows).toBe(0);
  });

  it("goes on with other sizes of batches and shards", async () => {
    const folder = temporaryFolder();
    await begun(folder, 32);
    const store = await collectToDisk(model, dataset, {
      ...common,
      folder,
      batchSize: 7,
      shardBytes: 1,
    });
    const expected = await collectToMemory(model, dataset, { save: sites });
    const all = Array.from({ length: expected.rows }, (_, row) => row);
    expect(store.rows).toBe(expected.rows);
    expect(difference(store.read(sites[0], all), expected.activations[sites[0]])).toBeLessThan(
      1e-5,
    );
  });

  it.each(["float16", "bfloat16"] as const)("of %s is read back exactly", async (dtype) => {
    const folder = temporaryFolder();
    const store = await collectToDisk(model, dataset, { ...common, folder, dtype });
    const { activations, rows } = await collectToMemory(model, dataset, {
      save: sites,
      batchSize: 4,
      dtype,
    });
    const all = Array.from({ length: rows }, (_, row) => row);
    const expected = activations[sites[1]].astype(mx.float32);
    expect(difference(store.read(sites[1], all), expected)).toBe(0);
    await begun(temporaryFolder(), 32, { dtype });
  });
});

describe("a collection is not continued with", () => {
  const other = sequences(60).map((ids, index) => (index === 3 ? [...ids, 1] : ids));
  const cases: [string, Partial<CollectToDiskOptions>, string][] = [
    ["other sites", { save: "layers.1" }, "sites"],
    ["other positions", { positions: [-1] }, "positions"],
    ["another dtype", { dtype: "bfloat16" }, "dtype"],
    ["interventions elsewhere", { interventions: { "layers.1": (x) => x } }, "interventions"],
  ];

  it.each(cases)("%s", async (_, options, field) => {
    const folder = temporaryFolder();
    await begun(folder, 32);
    const before = contentOf(folder);
    const again = collectToDisk(model, dataset, { ...common, ...options, folder });
    const error = await again.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoreMismatchError);
    expect(error).toMatchObject({ field });
    expect(contentOf(folder)).toEqual(before);
  });

  it.each([
    ["other prompts", other, /hash so far/],
    ["a shorter dataset", dataset.slice(0, 10), /number of sequences/],
    ["no dataset", [], /number of sequences/],
  ])("%s", async (_, prompts, message) => {
    const folder = temporaryFolder();
    await begun(folder, 32);
    const again = collectToDisk(model, prompts, { ...common, folder });
    await expect(again).rejects.toThrow(message);
    await expect(collectToDisk(model, prompts, { ...common, folder })).rejects.toThrow(
      StoreMismatchError,
    );
  });

  it("more prompts, once it was complete", async () => {
    const folder = temporaryFolder();
    await collectToDisk(model, dataset.slice(0, 50), { ...common, folder });
    await expect(collectToDisk(model, dataset, { ...common, folder })).rejects.toThrow(
      /more than 50/,
    );
  });

  it("a model of the same name with other weights", async () => {
    const folder = temporaryFolder();
    await begun(folder, 32);
    const again = collectToDisk(smallModel(4), dataset, { ...common, folder });
    await expect(again).rejects.toMatchObject({ code: "STORE_MISMATCH", field: "weights" });
    const unchecked = collectToDisk(smallModel(4), dataset, { ...common, folder, recheck: false });
    await expect(unchecked).rejects.toMatchObject({ field: "weights" });
  });

  it("a model one weight of which was exchanged since", async () => {
    const folder = temporaryFolder();
    await begun(folder, 32);
    const changed = smallModel(3);
    const { finalNorm } = changed.module as unknown as { finalNorm: { weight: MxArray } };
    finalNorm.weight = mx.multiply(finalNorm.weight, 2); // no stored site sees it
    const again = collectToDisk(changed, dataset, { ...common, folder });
    await expect(again).rejects.toMatchObject({ code: "STORE_MISMATCH", field: "weights" });
  });

  it("another function at the same site, unless that is meant", async () => {
    const folder = temporaryFolder();
    await begun(folder, 32, { interventions: { "layers.0": (x) => x } });
    const interventions = { "layers.0": (x: MxArray) => mx.multiply(x, 1.5) };
    const options = { ...common, folder, interventions };
    await expect(collectToDisk(model, dataset, options)).rejects.toThrow(StoreMismatchError);
    await expect(
      collectToDisk(model, dataset, { ...options, recheck: false }),
    ).resolves.toBeDefined();
  });
});

describe("a folder", () => {
  it("with a store is left alone when that is asked for", async () => {
    const folder = temporaryFolder();
    await collectToDisk(model, dataset, { ...common, folder });
    const again = collectToDisk(model, dataset, { ...common, folder, resume: false });
    await expect(again).rejects.toThrow(StoreExistsError);
  });

  it("with other files is left alone", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "thesis.txt"), "…");
    const made = collectToDisk(model, dataset, { ...common, folder });
    await expect(made).rejects.toThrow(/thesis\.txt/);
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });

  it("keeps files that are not the store's", async () => {
    const folder = temporaryFolder();
    await begun(folder, 32);
    writeFileSync(join(folder, "notes.txt"), "…");
    mkdirSync(join(folder, "figures"));
    await collectToDisk(model, dataset, { ...common, folder });
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(["figures", "notes.txt"]));
  });

  it("is not made for a site that does not exist", async () => {
    const folder = join(temporaryFolder(), "new");
    await expect(
      collectToDisk(model, dataset, { ...common, folder, save: "layers.7" }),
    ).rejects.toThrow("layers.7");
    expect(() => readdirSync(folder)).toThrow("ENOENT");
  });

  it("that another program collects into is told", async () => {
    const folder = temporaryFolder();
    let changed = false;
    const onProgress = () => {
      if (changed) return;
      changed = true;
      const file = join(folder, "manifest.json");
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.replace('"sequences": 0', '"sequences": 4'));
    };
    const made = collectToDisk(model, dataset, { ...common, folder, onProgress });
    await expect(made).rejects.toThrow(StoreBusyError);
  });

  it("with a missing shard is not continued", async () => {
    const folder = temporaryFolder();
    await begun(folder, 32);
    const [shard] = readdirSync(folder).filter((name) => name.startsWith("shard-"));
    renameSync(join(folder, shard), join(folder, "elsewhere"));
    const again = collectToDisk(model, dataset, { ...common, folder });
    await expect(again).rejects.toThrow(CorruptFileError);
    await expect(collectToDisk(model, dataset, { ...common, folder })).rejects.toThrow(shard);
  });
});

describe("nothing is stored of", () => {
  it("a site whose rows depend on the sequence's length", async () => {
    const folder = temporaryFolder();
    const options = { ...common, folder, save: "layers.0.selfAttn.pattern" };
    await expect(
      collectToDisk(
        model,
        [
          [1, 2],
          [1, 2, 3],
        ],
        { ...options, batchSize: 1 },
      ),
    ).rejects.toThrow(RowShapeError);
    rmSync(folder, { recursive: true });
    const fixed = await collectToDisk(
      model,
      [
        [1, 2],
        [3, 4],
      ],
      { ...options, batchSize: 1 },
    );
    expect(fixed.sites[0].shape).toEqual([4, 2]);
  });

  it("values that do not fit", async () => {
    const folder = temporaryFolder();
    const interventions = { "layers.0": (x: MxArray) => mx.multiply(x, 1e6) };
    const options = { ...common, folder, interventions, dtype: "float16" as const };
    await expect(collectToDisk(model, dataset, options)).rejects.toThrow(DtypeOverflowError);
  });
});
