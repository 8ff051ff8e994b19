/** Stores as Parquet files. */
import { join } from "node:path";
import { InvalidArgumentError, toFlat } from "@mlxterp/mlx";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { expect, it } from "vitest";
import { collectToDisk } from "../store/collect-to-disk.js";
import { temporaryFolder } from "../testing/fixtures.js";
import { sequences, smallModel } from "../testing/small-model.js";
import { storeToParquet } from "./store-to-parquet.js";

const sites = ["layers.0", "layers.1.selfAttn.z"];

it("a store's rows come back with their origins", async () => {
  const folder = temporaryFolder();
  const options = { folder: join(folder, "store"), save: sites, shardBytes: 6000 };
  await using store = await collectToDisk(smallModel(), sequences(30), options);
  const path = join(folder, "rows.parquet");
  const seen: number[] = [];
  await storeToParquet(store, path, {
    rowGroupRows: 50,
    onProgress: ({ done }) => seen.push(done),
  });
  const file = await asyncBufferFromFile(path);
  const rows = await parquetReadObjects({ file });
  const all = Array.from({ length: store.rows }, (_, row) => row);
  const { sequence, position, token } = store.origins(all);
  expect(rows.map((row) => [row.sequence, row.position, row.token])).toEqual(
    all.map((row) => [sequence[row], position[row], token[row]]),
  );
  for (const site of sites) {
    expect(rows.flatMap((row) => row[site] as number[])).toEqual([
      ...toFlat(store.read(site, all)),
    ]);
  }
  expect(seen).toEqual([
    ...Array.from({ length: Math.floor(store.rows / 50) }, (_, at) => 50 * (at + 1)),
    store.rows,
  ]);
  const [note] = (await parquetMetadataAsync(file)).key_value_metadata ?? [];
  expect(JSON.parse(note.value ?? "")).toMatchObject({
    model: "small",
    sites: [{ site: sites[0], shape: [16] }, {}],
  });
});

it("some of a store's sites are enough", async () => {
  const folder = temporaryFolder();
  const store = await collectToDisk(smallModel(), sequences(5), {
    folder: join(folder, "store"),
    save: sites,
  });
  const path = join(folder, "rows.parquet");
  await storeToParquet(store, path, { sites: [sites[0]] });
  const [row] = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
  expect(Object.keys(row)).toEqual(["sequence", "position", "token", sites[0]]);
  await expect(storeToParquet(store, path, { sites: ["layers.1"] })).rejects.toThrow(
    InvalidArgumentError,
  );
});

it("a store without rows is a table without rows", async () => {
  const folder = temporaryFolder();
  const store = await collectToDisk(smallModel(), [], {
    folder: join(folder, "store"),
    save: sites,
  });
  const path = join(folder, "rows.parquet");
  await storeToParquet(store, path);
  expect(await parquetReadObjects({ file: await asyncBufferFromFile(path) })).toEqual([]);
});
