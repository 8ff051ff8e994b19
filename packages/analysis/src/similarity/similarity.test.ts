/** Similarity of layers: against the definition added up by hand, and beside chance. */
import { mx } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { llamaLike } from "../shared/test-support.js";
import { layerSimilarity } from "./layer-similarity.js";
import { linearCka, procrustesSimilarity, svcca } from "./measures.js";
import { type SimilarityStore, storeSimilarity } from "./store-similarity.js";

/** Kernels of pairs of rows, centred on both sides, and their cosine: the definition, in double precision. */
function byDefinition(first: number[][], second: number[][]): number {
  const kernel = (rows: number[][]) => {
    const raw = rows.map((a) => rows.map((b) => a.reduce((sum, one, at) => sum + one * b[at], 0)));
    const means = raw.map((row) => row.reduce((sum, one) => sum + one, 0) / row.length);
    const whole = means.reduce((sum, one) => sum + one, 0) / means.length;
    return raw.flatMap((row, i) => row.map((value, j) => value - means[i] - means[j] + whole));
  };
  const [k, l] = [kernel(first), kernel(second)];
  const inner = (a: number[], b: number[]) => a.reduce((sum, one, at) => sum + one * b[at], 0);
  return inner(k, l) / Math.sqrt(inner(k, k) * inner(l, l));
}

const normal = (rows: number, width: number, seed: number) =>
  mx.random.normal([rows, width], mx.float32, 0, 1, mx.random.key(seed));

describe("linear CKA", () => {
  it.each([
    [40, 6, 9],
    [12, 30, 20],
    [9, 4, 30],
    [250, 330, 310], // large enough that MLX makes the products
    [300, 270, 260],
  ])("of %i rows of %i and %i numbers is what its definition says", (rows, width, other) => {
    const [x, noise] = [normal(rows, width, 1), normal(rows, other, 2)];
    const y = mx.add(mx.matmul(x, normal(width, other, 3)), mx.multiply(noise, 3));
    const lists = [x, y].map((one) => one.tolist() as number[][]);
    expect(linearCka(x, y)).toBeCloseTo(byDefinition(lists[0], lists[1]), 5);
  });
});

describe("layerSimilarity", () => {
  const model = new LanguageModel(
    initializeWeights(new Decoder(llamaLike), { seed: 5, deviation: 0.3 }),
    { config: llamaLike },
  );
  const prompts = Array.from({ length: 12 }, (_, row) =>
    Array.from({ length: 14 }, (_, at) => (row * 31 + at * 17 + row * at) % 60),
  );

  it("stands beside what the same tokens in another order give", async () => {
    const { grids, provenance } = await layerSimilarity(model, prompts, { seed: 3 });
    const own = valueAt(grids.similarity, { layer: 0, otherLayer: 1 });
    expect(own).toBeGreaterThan(Math.max(...grids.chance!.values));
    expect(provenance.seed).toBe(3);
    const again = await layerSimilarity(model, prompts, { seed: 3 });
    expect(again.grids.chance!.values).toEqual(grids.chance!.values);
    const bare = await layerSimilarity(model, prompts, { nulls: 0 });
    expect(bare.grids.chance).toBeUndefined();
  });

  it("compares with a view, and with no name or other vocabulary", async () => {
    const view = model.edit({ "layers.1.mlp": (x) => mx.multiply(x, -4) });
    const { grids } = await layerSimilarity(model, prompts, { other: view });
    expect(valueAt(grids.similarity, { layer: 0, otherLayer: 0 })).toBeCloseTo(1, 5);
    expect(valueAt(grids.similarity, { layer: 1, otherLayer: 1 })).toBeLessThan(0.999);
    const wrong = layerSimilarity(model, prompts, { other: "some/model" });
    await expect(wrong).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const config = { ...llamaLike, vocab: 61 };
    const small = new LanguageModel(new Decoder(config), { config });
    await expect(layerSimilarity(model, prompts, { other: small })).rejects.toThrow("61 tokens");
  });
});

describe("storeSimilarity", () => {
  const [count, sequence] = [930, 6];
  const noise = (width: number, seed: number) => normal(count, width, seed);
  const own = { a: mx.add(noise(9, 1), 400), b: mx.add(mx.matmul(noise(9, 1), normal(9, 7, 2)), noise(7, 3)) }; // biome-ignore format: one object
  const others = { a: mx.add(noise(7, 4), mx.matmul(own.b, normal(7, 7, 5))), b: noise(4, 6) };
  const read: number[] = [];
  const storeOf = (sites: Record<string, typeof own.a>, fingerprint = "same"): SimilarityStore => ({
    rows: count,
    fingerprint,
    origins: (rows) => ({ position: Int32Array.from(rows, (at) => at % sequence) }),
    async *batches({ batchSize, sites: names }) {
      for (let from = 0; from < count; from += batchSize) {
        const rows = Array.from({ length: Math.min(batchSize, count - from) }, (_, at) => from + at); // biome-ignore format: one line
        read.push(rows.length);
        const part = (name: string) => sites[name].index(mx.Slice(from, from + rows.length));
        yield { rows, activations: Object.fromEntries(names.map((name) => [name, part(name)])) };
      }
    },
  });
  const store = storeOf(own);
  const kept = mx.array(Array.from({ length: count }, (_, at) => at).filter((at) => at % sequence > 0), mx.int32); // biome-ignore format: one list
  const inMemory = {
    cka: linearCka,
    procrustes: procrustesSimilarity,
    svcca: (one: typeof own.a, two: typeof own.a) => svcca(one, two).mean,
  };
  const whole = (measure: keyof typeof inMemory, one: typeof own.a, two: typeof own.a) =>
    inMemory[measure](mx.take(one, kept, 0), mx.take(two, kept, 0));

  it.each(["cka", "svcca", "procrustes"] as const)(
    "is what all rows give that are in memory at once, batch by batch: %s",
    async (measure) => {
      const asked = { sites: ["a", "b"], measure, batchSize: 100 };
      const within = await storeSimilarity(store, asked);
      const between = await storeSimilarity(store, { ...asked, other: storeOf(others) });
      expect(Math.max(...read)).toBe(100);
      expect(within.rows).toBe(775);
      for (const site of ["a", "b"] as const) {
        for (const otherSite of ["a", "b"] as const) {
          const at = { site, otherSite };
          const one = whole(measure, own[site], own[otherSite]);
          expect(valueAt(within.similarity, at)).toBeCloseTo(one, 5);
          const two = whole(measure, own[site], others[otherSite]);
          expect(valueAt(between.similarity, at)).toBeCloseTo(two, 5);
        }
      }
      expect(valueAt(between.chance!, { site: "b", otherSite: "a" })).toBeLessThan(
        0.5 * valueAt(between.similarity, { site: "b", otherSite: "a" }),
      );
    },
  );

  it("compares sites of one store with others of it, and refuses what cannot be compared", async () => {
    const { similarity, chance } = await storeSimilarity(store, { sites: ["a"], otherSites: ["b"], chance: false }); // biome-ignore format: one line
    expect(similarity.values[0]).toBeCloseTo(whole("cka", own.a, own.b), 5);
    expect(chance).toBeUndefined();
    const stranger = storeSimilarity(store, { sites: ["a"], other: storeOf(others, "another") });
    await expect(stranger).rejects.toMatchObject({ code: "INVALID_ARGUMENT", argument: "other" });
    const few = storeSimilarity(store, { sites: ["a"], skip: sequence });
    await expect(few).rejects.toMatchObject({ argument: "skip" });
    const equal = storeSimilarity(storeOf({ a: mx.ones([count, 3]) }), { sites: ["a"] });
    await expect(equal).rejects.toThrow("not all the same");
  });
});
