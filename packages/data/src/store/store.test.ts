/** Reading a store: any rows in any order, batches that visit each row once, and damage that is told by file. */
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { OutOfRangeError } from "@mlxterp/core";
import { CorruptFileError, InvalidArgumentError, mx, toFlat } from "@mlxterp/mlx";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { collectToMemory } from "../collect/collect-to-memory.js";
import { StoreNotFoundError } from "../errors.js";
import { difference, keptFolder, temporaryFolder } from "../testing/fixtures.js";
import { sequences, smallModel } from "../testing/small-model.js";
import { collectToDisk } from "./collect-to-disk.js";
import { fromFloat16 } from "./half.js";
import { type ActivationStore, openStore } from "./store.js";

const sites = ["layers.0", "layers.1.selfAttn.z"];
const model = smallModel();
const dataset = sequences(40);
const folder = keptFolder();
let store: ActivationStore;
let expected: Awaited<ReturnType<typeof collectToMemory>>;

/** A store of its own, to be damaged. */
async function freshStore(): Promise<string> {
  const folder = temporaryFolder();
  await collectToDisk(model, dataset, { folder, save: sites, shardBytes: 6000 });
  return folder;
}

beforeAll(async () => {
  store = await collectToDisk(model, dataset, { folder, save: sites, shardBytes: 6000 });
  expected = await collectToMemory(model, dataset, { save: sites });
});

describe("rows", () => {
  it("are read from any shards, in any order, also twice", () => {
    expect(readdirSync(store.folder).length).toBeGreaterThan(3);
    const row = fc.nat({ max: store.rows - 1 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
        for (const site of sites) {
          const wanted = mx.take(expected.activations[site], mx.array(rows, mx.int32), 0);
          expect(difference(store.read(site, rows), wanted)).toBe(0);
        }
        const { sequence, position, token } = store.origins(rows);
        expect([...sequence]).toEqual(rows.map((at) => expected.sequence[at]));
        expect([...position]).toEqual(rows.map((at) => expected.position[at]));
        expect([...token]).toEqual(rows.map((at) => expected.token[at]));
      }),
      { numRuns: 50 },
    );
  });

  it("are as many as were asked for, also none", () => {
    expect(store.read("layers.0", []).shape).toEqual([0, 16]);
    expect(store.origins([]).token).toHaveLength(0);
  });

  it("count from the end too", () => {
    const last = store.rows - 1;
    expect(difference(store.read("layers.0", [-1]), store.read("layers.0", [last]))).toBe(0);
    expect(store.origins([-2])).toEqual(store.origins([last - 1]));
  });

  it.each([-1e6, 1.5, 1e6])("do not include %d", (row) => {
    expect(() => store.read("layers.0", [0, row])).toThrow(OutOfRangeError);
    expect(() => store.origins([row])).toThrow(OutOfRangeError);
    const holes = Object.assign(new Array<number>(2), { 1: 0 });
    expect(() => store.origins(holes)).toThrow(InvalidArgumentError);
  });

  it("are of sites that were collected", () => {
    expect(() => store.read("layers.1", [0])).toThrow(InvalidArgumentError);
    expect(() => store.read("layers.1", [0])).toThrow(/layers\.0, layers\.1\.selfAttn\.z/);
  });

  it("come shard by shard, in order", async () => {
    const all: number[] = [];
    const tokens: number[] = [];
    for await (const shard of store.shards()) {
      expect(shard.start).toBe(tokens.length);
      all.push(...toFlat(shard.activations["layers.0"]));
      tokens.push(...shard.token);
    }
    expect(all).toEqual([...toFlat(expected.activations["layers.0"])]);
    expect(tokens).toEqual([...expected.token]);
  });

  it("can be read again after the files were closed", () => {
    store.close();
    expect(store.read("layers.0", [3]).shape).toEqual([1, 16]);
  });
});

describe("batches", () => {
  async function visited(options: Parameters<ActivationStore["batches"]>[0]) {
    const batches: { epoch: number; step: number; rows: readonly number[] }[] = [];
    for await (const { activations, ...batch } of store.batches(options)) {
      const rows = mx.array([...batch.rows], mx.int32);
      const wanted = mx.take(expected.activations["layers.0"], rows, 0);
      expect(difference(activations["layers.0"], wanted)).toBe(0);
      batches.push(batch);
    }
    return batches;
  }

  it("visit each row exactly once in every epoch, whatever the size and seed", async () => {
    const size = fc.integer({ min: 1, max: 400 });
    const seed = fc.option(fc.integer(), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(size, seed, async (batchSize, shuffle) => {
        const batches = await visited({ batchSize, shuffle, epochs: 2, sites: ["layers.0"] });
        for (const epoch of [0, 1]) {
          const rows = batches.filter((batch) => batch.epoch === epoch).flatMap(({ rows }) => rows);
          expect([...rows].sort((a, b) => a - b)).toEqual(
            Array.from({ length: store.rows }, (_, row) => row),
          );
        }
      }),
      { numRuns: 12 },
    );
  });

  it("are in the order of the dataset, or in another order in each epoch", async () => {
    const inOrder = await visited({ batchSize: 50 });
    expect(inOrder[1].rows[0]).toBe(50);
    const batches = await visited({ batchSize: store.rows, shuffle: 1, epochs: 2 });
    expect(batches[0].rows).not.toEqual(batches[1].rows);
    expect(await visited({ batchSize: store.rows, shuffle: 1, epochs: 2 })).toEqual(batches);
  });

  it("go on where an earlier run was", async () => {
    const options = { batchSize: 33, shuffle: 5, epochs: 3 };
    const all = await visited(options);
    expect(await visited({ ...options, skip: 8 })).toEqual(all.slice(8));
  });

  it.each([{ batchSize: 0 }, { batchSize: 4, epochs: 0 }, { batchSize: 4, skip: -1 }])(
    "refuse %j",
    async (options) => {
      await expect(visited(options)).rejects.toThrow(InvalidArgumentError);
    },
  );

  it("stop when they are cancelled", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(visited({ batchSize: 4, signal })).rejects.toThrow("enough");
  });
});

describe("half precision", () => {
  it("is read as MLX does, for all 65,536 values", () => {
    const bits = Uint16Array.from({ length: 2 ** 16 }, (_, half) => half);
    const exact = fromFloat16(bits);
    const known = [0x0001, 0x03ff, 0x0400, 0x3c00, 0x3555, 0x7bff, 0xfc00, 0x8000];
    const values = [2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, 0.333251953125, 65504, -Infinity, -0];
    expect(known.map((half) => exact[half])).toEqual(values);
    expect(exact[0x7e00]).toBeNaN();
    const finite = [...exact].filter(Number.isFinite);
    const again = toFlat(mx.array(finite).astype(mx.float16).astype(mx.float32));
    expect([...again]).toEqual(finite);
  });
});

describe("a damaged store", () => {
  const shardsOf = (folder: string) =>
    readdirSync(folder).filter((name) => name.startsWith("shard"));

  it("is none without a manifest", async () => {
    await expect(openStore(temporaryFolder())).rejects.toThrow(StoreNotFoundError);
    await expect(openStore("/nowhere/at all")).rejects.toThrow(StoreNotFoundError);
  });

  it.each<[string, (file: string) => void]>([
    ["missing", (file) => renameSync(file, `${file}.away`)],
    ["cut short", (file) => truncateSync(file, 500)],
    ["too long", (file) => appendFileSync(file, "x")],
  ])("is told by the file that is %s", async (_, damage) => {
    const folder = await freshStore();
    const shard = shardsOf(folder)[1];
    damage(join(folder, shard));
    await expect(openStore(folder)).rejects.toThrow(CorruptFileError);
    await expect(openStore(folder)).rejects.toThrow(shard);
  });

  it("is found by its hashes when single bits differ", async () => {
    const folder = await freshStore();
    const opened = await openStore(folder);
    await opened.verify();
    const file = join(folder, shardsOf(folder)[2]);
    const bytes = readFileSync(file);
    bytes[bytes.length - 5] ^= 1;
    writeFileSync(file, bytes);
    const error = await opened.verify().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CorruptFileError);
    expect(error).toMatchObject({ file });
  });

  it("is told when a shard holds something else", async () => {
    const folder = await freshStore();
    const file = join(folder, shardsOf(folder)[0]);
    const text = readFileSync(file, "latin1");
    writeFileSync(file, text.replace('"layers.0"', '"layers.9"'), "latin1");
    const opened = await openStore(folder);
    expect(() => opened.read("layers.0", [0])).toThrow(CorruptFileError);
  });

  it.each([
    ["not JSON", () => "{"],
    ["of another version", (text: string) => text.replace('"version": 2', '"version": 3')],
    ["of another format", (text: string) => text.replace("mlxterp activations", "something")],
    [
      "wrong in its sums",
      (text: string) => text.replace(/"rows": (\d+),\n {2}"seq/, '"rows": 1,\n  "seq'),
    ],
    ["pointing elsewhere", (text: string) => text.replace("shard-000000", "../../shard-000000")],
  ])("is told by a manifest that is %s", async (_, change) => {
    const folder = await freshStore();
    const file = join(folder, "manifest.json");
    const before = readFileSync(file, "utf8");
    writeFileSync(file, change(before));
    expect(readFileSync(file, "utf8")).not.toBe(before);
    await expect(openStore(folder)).rejects.toThrow(CorruptFileError);
  });
});
