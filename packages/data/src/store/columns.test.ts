/** Labels and other numbers beside the rows of a collection. */
import { join } from "node:path";
import { toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { collectToMemory } from "../collect/collect-to-memory.js";
import { temporaryFolder } from "../testing/fixtures.js";
import { smallModel } from "../testing/small-model.js";
import { collectToDisk } from "./collect-to-disk.js";
import { openStore } from "./store.js";

const model = smallModel();
const dataset = [
  { prompt: [1, 2, 3], columns: { label: 1, score: [0.5, -1, 2] } },
  { prompt: [4, 5], columns: { label: -7, score: Float32Array.of(3, 4) } },
  { prompt: [6, 7, 8], columns: { label: 2 ** 31 - 1, score: 0.25 } },
];
const columns = { label: "int32", score: "float32" } as const;
const save = "layers.0";
const labels = [1, 1, 1, -7, -7, 2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1];
const scores = [0.5, -1, 2, 3, 4, 0.25, 0.25, 0.25];

describe("columns beside rows", () => {
  it("are a prompt's own number at each of its rows, or one for each token", async () => {
    const { activations } = await collectToMemory(model, dataset, { save, columns, batchSize: 2 });
    expect(Array.from(toFlat(activations["#label"]))).toEqual(labels);
    expect(Array.from(toFlat(activations["#score"]))).toEqual(scores);
  });

  it("are stored, read, batched and printed with a store, and continued", async () => {
    const folder = join(temporaryFolder(), "store");
    const options = { folder, save, columns, batchSize: 1, shardBytes: 1 };
    const controller = new AbortController();
    const stopped = collectToDisk(model, dataset, {
      ...options,
      signal: controller.signal,
      onProgress: ({ sequences }) => sequences === 2 && controller.abort(),
    });
    await expect(stopped).rejects.toThrow();
    expect(String(await openStore(folder))).toContain("not complete");
    const store = await collectToDisk(model, dataset, options);
    expect(store.columns.map(({ site }) => site)).toEqual(["#label", "#score"]);
    expect(store.sites.map(({ site }) => site)).toEqual([save]);
    expect(store.read("#label", [4, 0, -1]).tolist()).toEqual([-7, 1, 2 ** 31 - 1]);
    for await (const { activations, rows } of store.batches({ batchSize: 8, shuffle: 3 })) {
      expect(Array.from(toFlat(activations["#score"]))).toEqual(rows.map((row) => scores[row]));
    }
    expect(String(store)).toMatch(
      /8 rows of 3 sequences; layers\.0 float32 \[\d+\], #label int32 \[\]/,
    );
    const { sites, columns: kept } = store;
    const told = { folder, rows: 8, sequences: 3, complete: true, sites, columns: kept };
    expect(JSON.parse(JSON.stringify(store))).toEqual(told);
    const others = collectToDisk(
      model,
      dataset.map(({ prompt }) => prompt),
      { folder, save },
    );
    await expect(others).rejects.toMatchObject({ code: "STORE_MISMATCH" });
    const changed = dataset.map((item) => ({ ...item, columns: { ...item.columns, label: 3 } }));
    await expect(collectToDisk(model, changed, options)).rejects.toThrow(/dataset/);
  });

  it.each([
    [{ prompt: [1, 2], columns: {} }, /column "label" needs one int32 number.*nothing/],
    [{ prompt: [1, 2], columns: { label: 1.5 } }, /has 1\.5/],
    [{ prompt: [1, 2], columns: { label: [1, 2, 3] } }, /3 numbers/],
    [{ prompt: [1, 2], columns: { label: 1, other: 2 } }, /"other" that was not asked for/],
    [{ prompt: [1, 2], columns: 3 }, /its columns are 3/],
    [[1, 2], /column "label" needs/],
  ])("are refused by name: %j", async (item, message) => {
    const options = { save, columns: { label: "int32" } as const };
    const collecting = collectToMemory(model, [item as number[]], options);
    await expect(collecting).rejects.toMatchObject({ code: "INVALID_SEQUENCE" });
    await expect(collecting).rejects.toThrow(message);
  });

  it("have names that rows do not have already, and one of two types", async () => {
    for (const wrong of [{ token: "int32" }, { label: "text" }, 3]) {
      const collecting = collectToMemory(model, dataset, { save, columns: wrong as never });
      await expect(collecting).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });
});
