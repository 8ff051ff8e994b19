/** A store of activations as one Parquet file. */
import {
  checkFunction,
  checkList,
  checkMethods,
  checkOptions,
  checkPath,
  checkPositiveInteger,
  checkSignal,
  checkWholeNumber,
  release,
  toFlat,
} from "@mlxterp/mlx";
import { isColumn } from "../collect/columns.js";
import { InvalidTableError } from "../errors.js";
import { originTensors } from "../store/shard.js";
import type { ActivationStore } from "../store/store.js";
import type { Column, Table } from "./table.js";
import { writeParquet } from "./write-parquet.js";

export interface StoreToParquetOptions {
  /** Default every site of the store, and what stands beside rows, under its name. */
  readonly sites?: readonly string[];
  /** Rows that are held, written, and can be read, at once; default 4096. */
  readonly rowGroupRows?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes the rows of a store in order, in constant memory: `sequence`, `position`, `token`, and each site's activation
 * under its name, as a list of floats (a row of several axes is flattened). The note `mlxterp` of the file holds the
 * shapes and how the store was made, as JSON.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a site that was not collected; the signal's reason
 * @example
 * await storeToParquet(store, "activations.parquet", { sites: ["layers.2"] });
 */
export async function storeToParquet(
  store: ActivationStore,
  path: string,
  options: StoreToParquetOptions = {},
): Promise<void> {
  checkOptions<StoreToParquetOptions>("storeToParquet", options, {
    sites: checkList,
    rowGroupRows: checkPositiveInteger,
    onProgress: checkFunction,
    signal: checkSignal,
  });
  checkMethods("store", store, ["describe", "read", "origins"], "what openStore returns");
  checkWholeNumber("store.rows", store.rows);
  checkPath("path", path);
  const { sites: names, rowGroupRows = 4096 } = options;
  const all = [...store.sites, ...store.columns];
  const sites = names?.map((name) => store.describe(name)) ?? all;
  for (const { site } of sites) {
    if (site in originTensors) throw new InvalidTableError(site, site, "the name is taken.");
  }
  const { collection, fingerprint, provenance } = store;
  const notes = { ...collection, sites, fingerprint, provenance };
  const metadata = { mlxterp: JSON.stringify(notes) };
  await writeParquet(path, parts(store, options, rowGroupRows), { rowGroupRows, metadata });
}

async function* parts(
  store: ActivationStore,
  { sites: names, onProgress, signal }: StoreToParquetOptions,
  size: number,
): AsyncGenerator<Table, void, undefined> {
  const sites = names ?? [...store.sites, ...store.columns].map(({ site }) => site);
  for (let start = 0; start === 0 || start < store.rows; start += size) {
    signal?.throwIfAborted();
    const length = Math.min(size, store.rows - start);
    const rows = Array.from({ length }, (_, index) => start + index);
    const { sequence, position, token } = store.origins(rows);
    const columns = sites.map((site): [string, Column] =>
      isColumn(site)
        ? [site.slice(1), toFlat(store.read(site, rows))]
        : [site, vectors(store, site, rows)],
    );
    yield { sequence, position, token, ...Object.fromEntries(columns) };
    onProgress?.({ done: start + length, total: store.rows });
    await release(); // of the arrays of this part
  }
}

function vectors(store: ActivationStore, site: string, rows: readonly number[]): Column {
  if (rows.length === 0) return [];
  const flat = toFlat(store.read(site, rows));
  const width = flat.length / rows.length;
  return rows.map((_, row) => flat.subarray(row * width, (row + 1) * width));
}
