/**
 * Similarity of what stores hold, of which no more than a batch is in memory at a time: layers of one model, or of two models that read the
 * same dataset.
 *
 * All three measures are made of products of columns, summed batch by batch; what is held are such sums, (width, width) for every site and
 * every pair of sites, however many rows there are.
 */
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { createGrid, type Grid, parseOptions, type RunControl, readOnly } from "@mlxterp/results";
import { checkMethods, checkWholeNumber, isCallable } from "@mlxterp/results/errors";
import { z } from "zod";
import { anyOrder } from "./any-order.js";
import { createMoments } from "./moments.js";

/** What is compared; an `ActivationStore` is one. */
export interface SimilarityStore {
  readonly rows: number;
  /** Of the dataset; where two have one, they must agree. */
  readonly fingerprint?: string;
  batches(options: {
    readonly batchSize: number;
    readonly sites: readonly string[];
    readonly signal?: AbortSignal;
  }): AsyncIterable<{
    readonly rows: readonly number[];
    readonly activations: Readonly<Record<string, MxArray>>;
  }>;
  origins(rows: readonly number[]): { readonly position: Int32Array };
}

const siteList = readOnly(z.array(z.string().min(1)).min(1));

const storeSimilarityOptions = z.object({
  sites: siteList.describe("what is compared, as it was collected"),
  other: z
    .custom<SimilarityStore>((value) => isCallable((value as SimilarityStore | null)?.batches), "must be a store of activations") // biome-ignore format: one call
    .optional()
    .describe("a store of the same dataset, of another model; default the store itself"),
  otherSites: siteList.optional().describe("of the other; default the same"),
  measure: z.enum(["cka", "svcca", "procrustes"]).default("cka").describe("what likeness is"),
  skip: z.int().min(0).default(1).describe("positions at the start of each sequence that are left out"), // biome-ignore format: one line
  batchSize: z.int().min(2).default(4096).describe("rows in one batch"),
  chance: z.boolean().default(true).describe("whether rows are compared in another order, too"),
  seed: z.int().min(0).default(0).describe("of that order"),
});

/** Options of `storeSimilarity`. */
export type StoreSimilarityOptions = z.input<typeof storeSimilarityOptions> & RunControl;

/** How alike what stores hold is. */
export interface StoreSimilarity {
  /** Of every site with every other, from 0 to 1. */
  readonly similarity: Grid<"site" | "otherSite">;
  /** The same with the other's rows in another order within each batch, where nothing is in common. */
  readonly chance?: Grid<"site" | "otherSite">;
  /** Rows that were compared. */
  readonly rows: number;
}

type Asked = z.output<typeof storeSimilarityOptions> & RunControl;

/**
 * Compares every site of a store with every other, or with those of a second store, in memory that does not grow with the rows.
 *
 * @returns what `layerSimilarity` finds on the same tokens
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for sites that a store has not, for stores of other datasets, for fewer than two rows and
 *   for sites that are all the same; the signal's reason
 * @example
 * await using kept = await collectToDisk(model, ["Mary and John went home", "the capital of France is Paris"], {
 *   folder: "two-layers",
 *   save: ["layers.0", "layers.1"],
 * });
 * const { similarity } = await storeSimilarity(kept, { sites: ["layers.0", "layers.1"] });
 * valueAt(similarity, { site: "layers.0", otherSite: "layers.0" }) > 0.999; // true
 */
export async function storeSimilarity(
  store: SimilarityStore,
  options: StoreSimilarityOptions,
): Promise<StoreSimilarity> {
  const asked: Asked = parseOptions("storeSimilarity", storeSimilarityOptions, options);
  checkMethods("store", store, ["batches", "origins"], "a store of activations");
  checkWholeNumber("store.rows", store.rows);
  const { sites, other, otherSites = sites, measure } = asked;
  if (other) checkSameDataset(store, other);
  const same = other === undefined && otherSites === sites;
  const moments = createMoments(same);
  const total = Math.ceil(store.rows / asked.batchSize);
  let done = 0;
  for await (const { own, others } of bothOf(store, { ...asked, otherSites })) {
    asked.signal?.throwIfAborted();
    const order = asked.chance ? anyOrder(own[0].shape[0], asked.seed + done) : undefined;
    if (own[0].shape[0] > 0) await moments.add(own, others, order);
    asked.onProgress?.({ done: ++done, total, stage: "similarity" });
  }
  if (moments.rows < 2) {
    throw new InvalidArgumentError("skip", asked.skip, `leaves ${moments.rows} rows; at least two are compared.`); // biome-ignore format: one line
  }
  const { found, chance } = moments.similarities(measure);
  const labels = { site: [...sites], otherSite: [...otherSites] };
  const grid = (values: number[]) => createGrid({ labels, values, unit: "share" });
  if (!found.every(Number.isFinite)) {
    throw new InvalidArgumentError("sites", sites, "need rows that are finite and not all the same."); // biome-ignore format: one line
  }
  return {
    similarity: grid(found),
    ...(asked.chance && { chance: grid(chance) }),
    rows: moments.rows,
  };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
function checkSameDataset(store: SimilarityStore, other: SimilarityStore): void {
  checkMethods("other", other, ["batches", "origins"], "a store of activations");
  const known = store.fingerprint !== undefined && other.fingerprint !== undefined;
  if (store.rows === other.rows && (!known || store.fingerprint === other.fingerprint)) return;
  const rule = `holds ${other.rows} rows of ${known ? "another" : "some"} dataset, the store ${store.rows}: row by row they must come from the same tokens.`;
  throw new InvalidArgumentError("other", other.rows, rule);
}

interface Both {
  readonly own: MxArray[]; // (rows, width) each
  readonly others: MxArray[];
}

async function* bothOf(
  store: SimilarityStore,
  { sites, other, otherSites, batchSize, skip, signal }: Asked & { otherSites: readonly string[] },
): AsyncGenerator<Both> {
  const stop = signal ? { signal } : {};
  const all = other ? sites : [...new Set([...sites, ...otherSites])];
  const second = other?.batches({ batchSize, sites: otherSites, ...stop })[Symbol.asyncIterator]();
  try {
    for await (const batch of store.batches({ batchSize, sites: all, ...stop })) {
      const beside = second ? (await second.next()).value : batch;
      const { position } = store.origins(batch.rows);
      const index = mx.array(
        [...position.keys()].filter((at) => position[at] >= skip),
        mx.int32,
      );
      const pick = (from: typeof batch, names: readonly string[]) =>
        names.map((site) => {
          const value = from.activations[site];
          return mx.take(value.reshape([value.shape[0], -1]).astype(mx.float32), index, 0);
        });
      yield { own: pick(batch, sites), others: pick(beside, otherSites) };
    }
  } finally {
    await second?.return?.();
  }
}
