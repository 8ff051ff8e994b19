/** Sparse probing, absorption and noise over seeds, where the answer is known. */
import { fromFlat, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { completeConfig } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { generator } from "../synthetic/generator.js";
import { normal } from "../testing/make.js";
import { featureAbsorption } from "./absorption.js";
import { featureTests } from "./feature-tests.js";
import { accuracyOf, fitLogistic, logitsOf } from "./logistic.js";
import { overSeeds } from "./over-seeds.js";
import { sparseProbe } from "./sparse-probing.js";

const width = 5;

/** Of two features: one for the concept on axis 0, silent where a second on axis 1 is on, which writes both. */
function absorbing(absorbs: boolean): Dictionary {
  const activation = { kind: "relu" } as const;
  const config = completeConfig({ inputWidth: width, features: 3, activation, format: "mlxterp" });
  const columns = [
    [1, absorbs ? -4 : 0, 0, 0, 0],
    [0, 1, 0, 0, 0],
    [0, 0, 1, 0, 0],
  ];
  const rows = [
    [1, 0, 0, 0, 0],
    [absorbs ? 1 : 0, 1, 0, 0, 0],
    [0, 0, 1, 0, 0],
  ];
  return new Dictionary(config, {
    encoder: mx.array(columns).transpose(),
    encoderBias: mx.full([3], -0.3),
    decoder: mx.array(rows),
    decoderBias: mx.zeros([width]),
  });
}

/** Half of the rows have the concept, a quarter of those the special one as well. */
function labelledRows(): { readonly x: MxArray; readonly labels: boolean[] } {
  const draw = generator(2);
  const labels: boolean[] = [];
  const values = Array.from({ length: 200 }, (_, row) => {
    labels.push(row % 2 === 0);
    const noise = () => 0.05 * draw.normal();
    return [row % 2 === 0 ? 1 : 0, row % 8 === 0 ? 1 : 0, row % 3 === 0 ? 1 : 0, 0, 0].map(
      (value) => value + noise(),
    );
  });
  return { x: fromFlat(Float32Array.from(values.flat()), [200, width]), labels };
}

it("finds the minimum of the penalised loss", () => {
  const x = normal([80, 4], 1);
  const labels = [...toFlat(mx.add(x.index(mx.Slice(), 1), normal([80], 2)))].map((value) =>
    value > 0 ? 1 : 0,
  );
  const { weights, bias } = fitLogistic(x, labels, 0.5);
  const logits = mx.add(mx.matmul(x, weights.reshape([4, 1])), bias);
  const error = mx.subtract(mx.sigmoid(logits), mx.array(labels).reshape([80, 1]));
  const slope = mx.add(mx.matmul(x.transpose(), error).reshape([4]), mx.multiply(weights, 0.5));
  expect(Number(mx.max(mx.abs(slope)).item())).toBeLessThan(1e-3);
  expect(Math.abs(Number(mx.sum(error).item()))).toBeLessThan(1e-3);
});

describe("a concept of which the feature is known", () => {
  it("is told by that feature alone, better than by what nobody trained", () => {
    const { x, labels } = labelledRows();
    const found = sparseProbe(absorbing(false), x, labels);
    expect(found).toMatchObject({ features: [0], accuracy: 1, rawAccuracy: 1, majority: 0.5 });
    expect(found).toMatchObject({ f1: 1, rawF1: 1, alwaysF1: 2 / 3 });
    const seeds = Array.from({ length: 8 }, (_, seed) => seed);
    const untrained = seeds.map(
      (seed) => sparseProbe(absorbing(false), x, labels, { seed }).untrainedAccuracy,
    );
    expect(untrained.reduce((sum, one) => sum + one, 0) / 8).toBeLessThan(0.97); // by luck one may find it
  });

  it("is absorbed where another feature has taken it over, and only there", () => {
    const { x, labels } = labelledRows();
    const clean = featureAbsorption(absorbing(false), x, labels);
    expect(clean).toMatchObject({ mainFeatures: [0], silent: 0, absorbed: 0, rate: 0 });
    const absorbed = featureAbsorption(absorbing(true), x, labels);
    expect(absorbed.mainFeatures).toEqual([0]);
    expect(absorbed.absorbing.map(({ feature }) => feature)).toEqual([1]);
    expect(absorbed.absorbed).toBe(absorbed.silent);
    expect(absorbed.rate).toBeGreaterThan(0.1);
    expect(absorbed.rate).toBeLessThan(0.4); // a quarter of the concept's rows
  });

  it("has the F1 of each feature, counted row by row", () => {
    const { x, labels } = labelledRows();
    const dictionary = absorbing(true);
    const found = featureTests(dictionary, x, labels);
    const values = dictionary.encode(x).tolist() as number[][];
    for (let feature = 0; feature < dictionary.config.features; feature++) {
      const said = values.map((row) => row[feature] > 0);
      const hits = said.filter((yes, row) => yes && labels[row]).length;
      const [on, there] = [said, labels].map((all) => all.filter(Boolean).length);
      expect(found.precision[feature]).toBeCloseTo(on ? hits / on : 0, 6);
      expect(found.recall[feature]).toBeCloseTo(hits / there, 6);
      const [p, r] = [found.precision[feature], found.recall[feature]];
      expect(found.f1[feature]).toBeCloseTo(p + r > 0 ? (2 * p * r) / (p + r) : 0, 6);
    }
    expect(found.recall[0]).toBeLessThan(1); // absorbed
    expect(() => featureTests(dictionary, x, [true])).toThrow("labels");
  });

  it("is refused where there are too few rows of it", () => {
    const { x, labels } = labelledRows();
    const none = labels.map(() => false);
    for (const call of [sparseProbe, featureAbsorption]) {
      expect(() => call(absorbing(true), x, none)).toThrow("4 rows of either kind");
      expect(() => call(absorbing(true), x, [true])).toThrow("labels");
      expect(() => call(absorbing(true), x, labels, { sed: 1 } as never)).toThrow("seed");
      expect(() => call(absorbing(true), x, labels.with(3, "yes" as never))).toThrow("labels[3]");
      const endless = mx.multiply(x, 1e30);
      expect(() => call(absorbing(true), endless, labels)).toThrow("squares within float32");
    }
  });

  it("is probed in rows of very large numbers, and of columns that are alike, as in others", () => {
    const { x, labels } = labelledRows(); // MLX ended the process: a singular matrix
    const numbers = labels.map(Number);
    const right = (rows: MxArray) =>
      accuracyOf(logitsOf(fitLogistic(rows, numbers), rows), numbers);
    const same = right(x);
    for (const wide of [
      mx.multiply(x, 4e9),
      mx.concatenate([mx.multiply(x, 1e6), mx.multiply(x, 1e6)], 1),
    ]) {
      // biome-ignore format: one line
      expect(right(wide)).toBeGreaterThanOrEqual(same);
    }
  });
});

it("has Student's interval over seeds, and is wrong about equal trainings one time in twenty", () => {
  const { value, low, high, n } = overSeeds([1, 2, 3, 4, 5]);
  expect([value, n]).toEqual([3, 5]);
  expect(high - value).toBeCloseTo(1.96324, 4); // 2.77645 · √2.5 / √5
  expect(value - low).toBeCloseTo(1.96324, 4);
  const draw = generator(7);
  const [rounds, seeds] = [2000, 4];
  let wrong = 0;
  for (let round = 0; round < rounds; round++) {
    const [a, b] = [0, 1].map(() => Array.from({ length: seeds }, () => draw.normal()));
    const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / seeds;
    const pooled = Math.sqrt((overSeeds(a).deviation ** 2 + overSeeds(b).deviation ** 2) / 2);
    const smallest = (overSeeds(a).smallestDifference / overSeeds(a).deviation) * pooled;
    if (Math.abs(mean(a) - mean(b)) > smallest) wrong++;
  }
  expect(wrong / rounds).toBeGreaterThan(0.035);
  expect(wrong / rounds).toBeLessThan(0.065);
  expect(() => overSeeds([1])).toThrow("two finite numbers");
});
