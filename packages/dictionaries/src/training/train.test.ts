/** Trainings: what they find, that they go on to the same bits, and what they refuse. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import type { Dictionary } from "../dictionary/dictionary.js";
import { nullDictionary } from "../evaluation/nulls.js";
import { loadDictionary } from "../loading/load.js";
import { saveDictionary } from "../saving/save-dictionary.js";
import { normal, temporaryFolder } from "../testing/make.js";
import { architectures, type TrainingConfig } from "./config.js";
import { arraySource } from "./sources.js";
import { trainCrosscoder, trainDictionaries, trainDictionary } from "./train.js";

const width = 12;
const parts = 14;

/** Rows that are sums of a few of 14 directions, far from zero. */
function sparseRows(rows: number, seed: number) {
  const directions = normal([parts, width], seed);
  const unit = mx.divide(directions, mx.sqrt(mx.sum(mx.square(directions), 1, true)));
  const chance = mx.random.uniform(0, 1, [rows, parts], mx.float32, mx.random.key(seed + 1));
  const amounts = mx.add(1, mx.abs(normal([rows, parts], seed + 2, 0.3)));
  const on = mx.multiply(mx.less(chance, 0.12).astype(mx.float32), amounts);
  return { x: mx.add(mx.multiply(mx.matmul(on, unit), 5), 0.3), unit };
}

/** How alike each direction and the feature that is most like it are. @param directions (parts, width), of norm 1 */
function nearest(dictionary: Dictionary, directions: MxArray): number[] {
  const { decoder } = dictionary.weights;
  const norms = mx.sqrt(mx.sum(mx.square(decoder), 1, true));
  const cosines = mx.matmul(mx.divide(decoder, norms), directions.transpose());
  return [...toFlat(mx.max(mx.abs(cosines), 0))];
}

/** The share of the variance along each principal axis, the largest first. */
function sharesOfAxes(x: MxArray): number[] {
  const [, sizes] = mx.linalg.svd(mx.subtract(x, mx.mean(x, 0, true)));
  const squares = [...toFlat(mx.square(sizes))];
  const all = squares.reduce((sum, value) => sum + value, 0);
  return squares.map((value) => value / all);
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** The chance that as many of a are above b, pair by pair, where neither is larger: the tail of the binomial distribution. */
function signTest(a: readonly number[], b: readonly number[]): number {
  const above = a.filter((value, at) => value > b[at]).length;
  let [tail, ways] = [0, 1];
  for (let count = 0; count <= a.length; count++) {
    if (count >= above) tail += ways / 2 ** a.length;
    ways = (ways * (a.length - count)) / (count + 1);
  }
  return tail;
}

const data = sparseRows(2048, 5);
const rows = arraySource(data.x);
const settings = {
  features: 32,
  k: 2,
  steps: 9,
  batchSize: 256,
  learningRate: 3e-3,
  seed: 1,
} as const;
const numbers = (array: MxArray) => [...toFlat(array)];

describe.each(
  architectures.flatMap((name) => {
    const recipes = ["saelens", "dictionaryLearning", "sparsify"] as const;
    const known = recipes.filter((recipe) =>
      recipe === "sparsify" ? /^(topK|groupMax)$/.test(name) : name !== "groupMax",
    );
    return known.map((recipe) => [name, recipe] as const);
  }),
)("%s of %s", (architecture, recipe) => {
  const config = { ...settings, architecture, recipe, sparsity: 0.05 } as TrainingConfig;

  it("refuses features that no array can hold", async () => {
    const more = { ...config, features: 2 ** 28, widths: undefined };
    await expect(trainDictionary(rows, more)).rejects.toThrow(/^features: with 12 numbers each/);
  });

  it("learns to explain, and goes on after an end at any point to the same bits", async () => {
    const straight = await trainDictionary(rows, config, { reportEvery: 1 });
    const [first] = straight.metrics;
    const last = straight.metrics.at(-1)!;
    expect(last.loss).toBeLessThan(first.loss);
    expect(Number.isFinite(last.explained)).toBe(true);
    const folder = temporaryFolder();
    const controller = new AbortController();
    const ended = trainDictionary(rows, config, {
      ...{ folder, checkpointEvery: 4, reportEvery: 1, signal: controller.signal },
      onProgress: ({ metrics: { step } }) => {
        if (step === 7) controller.abort(new Error("killed"));
      },
    });
    await expect(ended).rejects.toThrow("killed");
    const again = await trainDictionary(rows, config, { folder, reportEvery: 1 });
    expect(again.metrics).toEqual(straight.metrics);
    for (const [name, array] of Object.entries(straight.dictionary.weights)) {
      if (!array) continue;
      const own = again.dictionary.weights[name as "encoder"];
      expect(numbers(own), name).toEqual(numbers(array));
    }
    expect(JSON.parse(readFileSync(join(folder, "training.json"), "utf8"))).toEqual(again.config);
  });
});

describe("a trained dictionary", () => {
  it("finds the directions that data is made of, and is read back by its layout", async () => {
    const config = {
      ...settings,
      architecture: "topK",
      learningRate: 1e-2,
      steps: 300,
      decay: 100,
    } as const;
    const { dictionary, metrics } = await trainDictionary(rows, config);
    const untrained = nullDictionary(dictionary, "untrained", 0);
    // each of the true directions by its nearest feature, compared pair by pair with directions that data is not made of
    const [found, byChance, before] = [
      nearest(dictionary, data.unit),
      nearest(dictionary, sparseRows(1, 99).unit),
      nearest(untrained, data.unit),
    ];
    expect(signTest(found, byChance)).toBeLessThan(0.01);
    expect(signTest(found, before)).toBeLessThan(0.01);
    expect(medianOf(found)).toBeGreaterThan(Math.max(...byChance)); // better than the luckiest of the others
    // two features at a time say more than the best two axes that are the same for all rows
    const axes = sharesOfAxes(data.x);
    expect(metrics.at(-1)!.explained).toBeGreaterThan(axes[0] + axes[1]);
    const y = dictionary.forward(data.x); // of raw rows: the factor is folded in
    const left = Number(mx.sum(mx.square(mx.subtract(y, data.x))).item());
    const all = mx.sum(mx.square(mx.subtract(data.x, mx.mean(data.x, 0, true))));
    expect(1 - left / Number(all.item())).toBeGreaterThan(axes[0] + axes[1]);
    const folder = temporaryFolder();
    await saveDictionary(dictionary, folder);
    expect(numbers(loadDictionary(folder).encode(data.x))).toEqual(
      numbers(dictionary.encode(data.x)),
    );
  });

  it("is the same whether it is trained alone or beside others", async () => {
    const configs = [2, 4].map((k) => ({ ...settings, architecture: "topK", k }) as const);
    const both = await trainDictionaries(rows, configs);
    const alone = await trainDictionary(rows, configs[1]);
    expect(numbers(both[1].dictionary.weights.encoder)).toEqual(
      numbers(alone.dictionary.weights.encoder),
    );
  });

  it("can be a transcoder with a skip", async () => {
    const target = mx.add(mx.matmul(data.x, normal([width, 5], 8)), 1);
    const config = {
      ...settings,
      ...({ architecture: "topK", kind: "transcoder", normalize: "none" } as const),
      ...{ skip: true, steps: 150 },
    } as const;
    const { dictionary, metrics } = await trainDictionary(arraySource(data.x, target), config);
    expect(dictionary.config).toMatchObject({
      kind: "transcoder",
      inputWidth: width,
      outputWidth: 5,
    });
    expect(metrics.at(-1)!.explained).toBeGreaterThan(0.8); // the target is linear: the skip can have it all
    expect(dictionary.forward(data.x).shape).toEqual([2048, 5]);
    await expect(
      trainDictionary(arraySource(data.x, target), { ...config, kind: "autoencoder" }),
    ).rejects.toThrow("kind");
  });

  it("can be a crosscoder", async () => {
    const twice = mx.stack([data.x, mx.multiply(data.x, 2)], 1);
    const config = { ...settings, architecture: "batchTopK", sources: 2, steps: 100 } as const;
    const { dictionary } = await trainCrosscoder(arraySource(twice), config);
    const norms = dictionary.relativeNorm();
    expect(Number(mx.mean(norms).item())).toBeGreaterThan(0.55); // the second is larger
    const left = mx.sum(mx.square(mx.subtract(dictionary.forward(twice), twice)));
    expect(Number(left.item())).toBeLessThan(Number(mx.sum(mx.square(twice)).item()) / 4);
  });

  it("makes dead features anew", async () => {
    const config = {
      ...settings,
      architecture: "topK",
      auxiliary: 0,
      deadAfter: 3,
      steps: 60,
    } as const;
    const alive = async (resampleEvery: number) => {
      const { dictionary } = await trainDictionary(rows, { ...config, resampleEvery });
      const on = mx.any(mx.greater(dictionary.encode(data.x), 0), 0);
      return Number(mx.sum(on.astype(mx.float32)).item());
    };
    expect(await alive(10)).toBeGreaterThan(await alive(0));
  });
});

describe("a training that cannot be", () => {
  const config = { ...settings, architecture: "topK" } as const;

  it("is an error where there are too few rows for a step", async () => {
    const few = trainDictionary(arraySource(data.x.index(mx.Slice(0, 100))), config);
    await expect(few).rejects.toMatchObject({ code: "NO_TRAINING_DATA", batchSize: 256, steps: 0 });
  });

  it("is an error where the source gives nothing to go through", async () => {
    const source = { name: "rows", batches: () => null } as never;
    const training = trainDictionary(source, { architecture: "topK", features: 8, k: 2, steps: 1 });
    await expect(training).rejects.toMatchObject({ code: "INVALID_ARGUMENT", argument: "source.batches" }); // biome-ignore format: one line
  });

  it("does not go on with what another training began", async () => {
    const folder = temporaryFolder();
    await trainDictionary(rows, { ...config, steps: 2 }, { folder });
    const other = trainDictionary(rows, { ...config, steps: 2, k: 3 }, { folder });
    await expect(other).rejects.toMatchObject({ code: "TRAINING_MISMATCH", setting: "k" });
  });

  it("refuses settings that do not exist", async () => {
    const misspelt = trainDictionary(rows, { ...config, learnRate: 1 } as TrainingConfig);
    await expect(misspelt).rejects.toThrow("learnRate: there is no such option");
    await expect(trainDictionaries(rows, [])).rejects.toThrow("the list is empty");
    const uneven = [config, { ...config, steps: 5 }];
    await expect(trainDictionaries(rows, uneven)).rejects.toThrow("same steps");
  });
});
