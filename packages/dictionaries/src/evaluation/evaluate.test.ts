/** Measures of dictionaries, and of what they find in data of which the truth is known. */
import { fromFlat, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completeConfig } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { loadDictionary } from "../loading/load.js";
import { largestAssignment } from "../synthetic/assignment.js";
import { generator, normalQuantile, syntheticData } from "../synthetic/generator.js";
import { scoreAgainstTruth } from "../synthetic/scores.js";
import {
  caseFacts,
  casePath,
  casesAreHere,
  caseValues,
  excess,
  sharedPath,
} from "../testing/reference.js";
import { evaluateDictionary } from "./evaluate.js";
import { densityHistogram } from "./measures.js";

const tiny = await loadModel("tiny");
const prompts = [
  "Mary and John went to the park .",
  "the capital of France is",
  "Tom had a red ball",
];

describe("a dictionary that ships", () => {
  it("explains more than ones that nobody trained, and loses less of what the model says", async () => {
    const options = { positions: { from: 1 }, nulls: true, batchSize: 2 } as const;
    const { reconstruction, behaviour, nulls } = await evaluateDictionary(
      tiny,
      loadDictionary("tiny"),
      prompts,
      options,
    );
    for (const kind of ["random", "untrained"] as const) {
      expect(reconstruction.explained).toBeGreaterThan(nulls[kind]!.reconstruction.explained + 0.2);
      expect(behaviour!.lossRecovered).toBeGreaterThan(nulls[kind]!.behaviour!.lossRecovered);
    }
    expect(reconstruction.l0).toBeLessThanOrEqual(8);
    expect(reconstruction.tokens).toBe(8 + 5 + 5);
  });

  it("counts the same whatever the batches are", async () => {
    const measure = async (batchSize: number) => {
      const { reconstruction, behaviour } = await evaluateDictionary(
        tiny,
        loadDictionary("tiny"),
        prompts,
        { batchSize },
      );
      const { explainedPerToken: _, density, ...rest } = reconstruction; // by the mean of a batch
      return [...Object.values(rest), ...density, ...Object.values(behaviour!)];
    };
    const [alone, together] = [await measure(1), await measure(3)];
    for (const [at, value] of alone.entries()) expect(value).toBeCloseTo(together[at], 3);
  });

  it("is as the model itself where it gives back everything", async () => {
    const eye = mx.eye(128);
    const both = mx.concatenate([eye, mx.negative(eye)], 1);
    const config = completeConfig({
      ...{
        inputWidth: 128,
        features: 256,
        activation: { kind: "relu" } as const,
        format: "mlxterp",
      },
      site: "layers.1",
    });
    const whole = new Dictionary(config, {
      ...{ encoder: both, decoder: both.transpose(), encoderBias: mx.zeros([256]) },
      decoderBias: mx.zeros([128]),
    });
    const { reconstruction, behaviour } = await evaluateDictionary(tiny, whole, prompts);
    expect(reconstruction).toMatchObject({
      mse: 0,
      explained: 1,
      lengthRatio: expect.closeTo(1, 5),
    });
    expect(behaviour!.lossRecovered).toBeCloseTo(1, 5);
    expect(behaviour!.divergence).toBeCloseTo(0, 4);
  });
});

describe.runIf(casesAreHere)("on stories15M", () => {
  let loaded: ReturnType<typeof loadModel> | undefined;
  const stories = () => {
    loaded ??= loadModel(sharedPath("data/models/stories15M"));
    return loaded;
  };

  it.each([
    ["all_tokens", undefined],
    ["without_bos", { from: 1 }],
  ] as const)("agrees with SAELens and with double precision: %s", async (name, positions) => {
    const model = await stories();
    const dictionary = loadDictionary(casePath("eval-stories15M"));
    const ids = caseValues("eval-stories15M").tokens.tolist() as number[][];
    const { reconstruction, behaviour } = await evaluateDictionary(model, dictionary, ids, {
      positions,
      batchSize: 6,
    });
    const { own_float64: own } = caseFacts("eval-stories15M").metrics[name];
    const pairs: [number, number][] = [
      [reconstruction.l0, own.l0],
      [reconstruction.l1, own.l1],
      [reconstruction.mse, own.mse_sum_over_d_mean_over_tokens],
      [reconstruction.explained, own.explained_variance],
      [reconstruction.explainedPerToken, own.explained_variance_legacy_per_token],
      [reconstruction.explainedAsSaelens, own.explained_variance_as_sae_lens_6_18_computes],
      [reconstruction.cosine, own.cosine],
      [reconstruction.lengthRatio, own.l2_ratio],
      [reconstruction.bias, own.relative_reconstruction_bias],
      [reconstruction.dead, own.dead_fraction],
      [behaviour!.lossClean, own.ce_clean],
      [behaviour!.lossReplaced, own.ce_sae],
      [behaviour!.lossZero, own.ce_zero],
      [behaviour!.lossRecovered, own.ce_score],
      [behaviour!.divergence, own.kl_sae],
      [behaviour!.divergenceZero, own.kl_zero],
      [behaviour!.divergenceRecovered, own.kl_score],
    ];
    for (const [value, expected] of pairs)
      expect(Math.abs(value / expected - 1)).toBeLessThan(1e-3);
    const values = caseValues("eval-stories15M");
    const first = values["x.first_prompt"];
    const near = { atol: 1e-3, rtol: 1e-4 };
    const acts = values["feature_acts.first_prompt"];
    expect(excess(dictionary.encode(first), acts, near)).toBeLessThanOrEqual(0);
    const rebuilt = values["reconstruction.first_prompt"];
    expect(excess(dictionary.forward(first), rebuilt, near)).toBeLessThanOrEqual(0);
    const norms = mx.sqrt(mx.sum(mx.square(dictionary.weights.encoder), 0));
    expect(excess(norms, values.encoder_norm, near)).toBeLessThanOrEqual(0);
    const density = toFlat(values[`feature_density.${name}`]);
    for (const [at, value] of density.entries()) {
      expect(reconstruction.density[at]).toBeCloseTo(value, 2);
    }
    const { counts } = densityHistogram(reconstruction.density);
    const expected = [...toFlat(values[`density_log10_histogram.${name}`])];
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(
      expected.reduce((sum, count) => sum + count, 0),
    );
  });
});

describe("data of which the truth is known", () => {
  const theirs = (): Dictionary => {
    const values = caseValues("synthetic");
    const activation = { kind: "topK", k: 5, rectified: true } as const;
    const config = completeConfig({
      ...{ inputWidth: 24, features: 40, activation, format: "mlxterp", subtractDecoderBias: true },
    });
    const array = (name: string) => values[`sae.${name}`];
    return new Dictionary(config, {
      ...{ encoder: array("W_enc"), decoder: array("W_dec") },
      ...{ encoderBias: array("b_enc"), decoderBias: array("b_dec") },
    });
  };

  it.runIf(casesAreHere)("is the same in every language, and so are the scores", () => {
    const data = syntheticData();
    const values = caseValues("synthetic");
    const close = (own: Float64Array, expected: MxArray) => {
      const off = [...toFlat(expected)].map((value, at) => Math.abs(own[at] - value));
      expect(Math.max(...off)).toBeLessThan(2e-6);
    };
    close(data.dictionary, values.true_dictionary);
    close(data.meanMagnitudes, values.mean_magnitudes);
    close(data.coefficients, values.coefficients);
    close(data.x, values.x);
    const { scores } = caseFacts("synthetic");
    const found = scoreAgainstTruth(theirs(), data);
    for (const name of [
      "mcc",
      "uniqueness",
      "precision",
      "recall",
      "f1",
      "accuracy",
      "shrinkage",
    ] as const) {
      expect(Math.abs(found[name] - scores[name]), name).toBeLessThan(1e-4);
    }
    expect(found.l0).toBeCloseTo(scores.sae_l0, 6);
    expect(found.trueL0).toBeCloseTo(scores.true_l0, 6);
    expect(Math.abs(found.explained - scores.explained_variance)).toBeLessThan(1e-4);
    expect(found.matches).toEqual([...toFlat(values.best_match)]);
    const each = toFlat(values.f1_per_latent);
    found.f1OfFeatures.forEach((value, at) => {
      expect(Math.abs(value - each[at])).toBeLessThan(1e-4);
    });
  });

  it("is found wholly by the dictionary that made it", () => {
    const data = syntheticData({ samples: 50, features: 12, width: 12, seed: 3 });
    const truth = fromFlat(data.dictionary, [12, 12]);
    const config = completeConfig({
      inputWidth: 12,
      features: 12,
      activation: { kind: "relu" },
      format: "mlxterp",
    });
    const own = new Dictionary(config, {
      ...{ encoder: truth.transpose(), decoder: truth },
      ...{ encoderBias: mx.zeros([12]), decoderBias: mx.zeros([12]) },
    });
    const { mcc, uniqueness, matches } = scoreAgainstTruth(own, data);
    expect(mcc).toBeCloseTo(1, 5);
    expect(uniqueness).toBe(1);
    expect(matches).toEqual(Array.from({ length: 12 }, (_, at) => at));
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const broken = {
        ...data,
        dictionary: data.dictionary.map((one, at) => (at === 5 ? odd : one)),
      };
      expect(() => scoreAgainstTruth(own, broken)).toThrow("not all finite"); // it looked without end
    }
  });

  it("has normal numbers below their quantiles as often as they should be", () => {
    const draw = generator(5);
    const numbers = Array.from({ length: 20_000 }, () => draw.normal());
    for (const p of [0.02, 0.3, 0.5, 0.9, 0.999]) {
      const below = numbers.filter((value) => value < normalQuantile(p)).length / numbers.length;
      expect(Math.abs(below - p)).toBeLessThan(0.012);
    }
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 12);
  });
});

it("assigns as brute force over all permutations does", () => {
  const permutations = (items: readonly number[]): number[][] =>
    items.length === 0
      ? [[]]
      : items.flatMap((one) =>
          permutations(items.filter((other) => other !== one)).map((rest) => [one, ...rest]),
        );
  const size = fc.integer({ min: 1, max: 5 });
  const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
    minLength: 25,
    maxLength: 25,
  });
  fc.assert(
    fc.property(size, size, values, (a, b, numbers) => {
      const [rows, columns] = a <= b ? [a, b] : [b, a];
      const matrix = Float64Array.from(numbers.slice(0, rows * columns));
      const sum = (found: readonly number[]) =>
        found.slice(0, rows).reduce((all, column, row) => all + matrix[row * columns + column], 0);
      const best = Math.max(
        ...permutations(Array.from({ length: columns }, (_, at) => at)).map(sum),
      );
      const found = largestAssignment(matrix, rows, columns);
      expect(new Set(found).size).toBe(rows);
      expect(sum(found)).toBeCloseTo(best, 9);
    }),
    { numRuns: 60 },
  );
});
