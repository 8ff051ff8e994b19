/** Directions, probes' fits, erasure and similarity against repeng, scikit-learn and closed forms. */
import { eraseLinear } from "@mlxterp/interventions";
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, setParameters } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { leace } from "../erasure/leace.js";
import { orthogonalizedParameters } from "../erasure/orthogonalized-parameters.js";
import { gpt2Like, largestDifference } from "../shared/test-support.js";
import { layerSimilarity } from "../similarity/layer-similarity.js";
import { linearCka, procrustesSimilarity, svcca } from "../similarity/measures.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { findDirection } from "./find-direction.js";
import { fitLogistic } from "./logistic.js";
import { pickRows, rowsOf, times } from "./matrix.js";
import { readRows } from "./read-rows.js";

describe.each(["gpt2", "llama"].filter((name) => hasMethodCase("steering-probes", name)))(
  "directions in %s",
  (name) => {
    const reference = openMethodCase("steering-probes", name);
    const { tokens, layer, other_layer: otherLayer, C } = reference.about;
    const arrayOf = (key: string, shape: number[]) =>
      mx.array(reference.numbers(key)).reshape(shape);
    const count = tokens.length as number;
    const rows = rowsOf(arrayOf("activations", [count, -1]));
    const labels = Array.from({ length: count }, (_, at) => (at % 2 === 0 ? 1 : 0));
    const side = (odd: number) => pickRows(rows, Array.from({ length: count / 2 }, (_, at) => 2 * at + odd)); // biome-ignore format: one line
    const pairs = { positive: side(0), negative: side(1) };

    it("reads the activations, at the last token", async () => {
      const trained = await modelOfCase("steering-probes", name);
      const plan = {
        sites: [`layers.${layer}`, `layers.${otherLayer}`],
        pooling: [-1],
        batchSize: 16,
      };
      const [[own], [other]] = await readRows(trained, tokens, plan);
      expect(largestDifference([...own.values], reference.numbers("activations"))).toBeLessThan(
        1e-3,
      );
      expect(
        largestDifference([...other.values], reference.numbers("activations_other_layer")),
      ).toBeLessThan(1e-3);
    });

    it.each([
      ["meanDifference", "mean_difference_unit"],
      ["pcaDifference", "pca_diff"],
      ["pcaCentre", "pca_center"],
    ] as const)("finds %s as repeng does, with its sign", (rule, key) => {
      const found = findDirection(pairs, rule);
      expect(largestDifference([...found], reference.numbers(key))).toBeLessThan(1e-3);
    });

    it("fits a logistic regression as scikit-learn does", () => {
      const fit = fitLogistic(rows, labels, C);
      expect(largestDifference([...fit.weights], reference.numbers("logistic.coef"))).toBeLessThan(1e-3); // biome-ignore format: one line
      expect(fit.bias).toBeCloseTo(reference.numbers("logistic.intercept")[0], 3);
      const probabilities = times(rows, fit.weights).map(
        (one) => 1 / (1 + Math.exp(-one - fit.bias)),
      );
      expect(largestDifference([...probabilities], reference.numbers("logistic.prob"))).toBeLessThan(1e-3); // biome-ignore format: one line
    });

    it("has the similarities of CKA and SVCCA", () => {
      const [x, y] = ["activations", "activations_other_layer"].map((key) =>
        arrayOf(key, [count, -1]),
      );
      expect(linearCka(x, y)).toBeCloseTo(reference.numbers("cka")[0], 4);
      const found = svcca(x, y);
      expect(found.kept).toEqual(reference.numbers("svcca.dims"));
      expect(found.mean).toBeCloseTo(reference.numbers("svcca.mean")[0], 3);
      expect(
        largestDifference(found.correlations, reference.numbers("svcca.correlations")),
      ).toBeLessThan(1e-3);
    });

    it.each([
      ["binary", labels],
      ["three", undefined],
    ] as const)(
      "erases %s labels as LEACE does, so that nothing linear is left",
      (which, given) => {
        const own = given ?? reference.numbers("leace.labels_three");
        const x = arrayOf("activations", [count, -1]);
        const eraser = leace(x, own);
        const erased = eraseLinear(eraser)(x, { site: "layers.0", call: 0, axes: undefined, tokens: undefined, offset: 0, step: undefined }); // biome-ignore format: one line
        expect(
          largestDifference([...toFlat(erased)], reference.numbers(`leace.${which}.erased`)),
        ).toBeLessThan(2e-3);
        expect(eraser.reads).toHaveLength(which === "binary" ? 1 : 2);
        const after = rowsOf(erased);
        const before = fitLogistic(
          rows,
          own.map((one) => (one === own[0] ? 1 : 0)),
          1,
        );
        const left = fitLogistic(
          after,
          own.map((one) => (one === own[0] ? 1 : 0)),
          1e-3,
        );
        const size = (fit: { weights: Float64Array }) => Math.hypot(...fit.weights);
        expect(size(left)).toBeLessThan(1e-4 * Math.max(1, size(before)));
      },
    );
  },
);

const decoder = initializeWeights(new Decoder(gpt2Like), { seed: 3, deviation: 0.3 });
const model = new LanguageModel(decoder, { config: gpt2Like });

describe("orthogonalizedParameters", () => {
  it("makes weights that no longer write along a direction, and a model that runs as the ablated one", async () => {
    const direction = mx.random.normal([24], mx.float32, 0, 1, mx.random.key(8));
    const copy = new LanguageModel(initializeWeights(new Decoder(gpt2Like), { seed: 3, deviation: 0.3 }), { config: gpt2Like }); // biome-ignore format: one line
    setParameters(copy.module, orthogonalizedParameters(copy, direction));
    const prompt = [[5, 17, 2, 250]];
    const run = await copy.run(prompt, { save: ["layers.0.input", "layers.*"] });
    for (const [, value] of run.entries()) {
      expect(Math.max(...toFlat(mx.abs(mx.matmul(value, direction))))).toBeLessThan(1e-4);
    }
    const unit = mx.divide(direction, mx.linalg.norm(direction));
    const ablate = (x: typeof unit) => mx.subtract(x, mx.multiply(mx.expandDims(mx.matmul(x, unit), -1), unit)); // biome-ignore format: one line
    const interventions = Object.fromEntries(["layers.0.input", "layers.*.selfAttn", "layers.*.mlp"].map((site) => [site, ablate])); // biome-ignore format: one line
    const ablated = await model.run(prompt, { interventions });
    const own = await copy.run(prompt);
    expect(
      largestDifference([...toFlat(own.last("output"))], [...toFlat(ablated.last("output"))]),
    ).toBeLessThan(1e-3);
    expect(() => orthogonalizedParameters(model, [0, 1])).toThrow("must have shape [24]");
  });
});

describe("similarity", () => {
  const prompts = [
    [5, 17, 2, 250, 17, 9],
    [7, 8, 1, 60],
  ];

  it.each(["cka", "svcca", "procrustes"] as const)(
    "is 1 of a layer with itself and with what is turned and scaled: %s",
    async (measure) => {
      const { grids, notes } = await layerSimilarity(model, prompts, { measure });
      for (const layer of [0, 1, 2]) {
        expect(valueAt(grids.similarity, { layer, otherLayer: layer })).toBeCloseTo(1, 5);
      }
      expect(notes.map(({ code }) => code)).toEqual(["FEW_TOKENS"]);
      if (measure === "svcca") return; // always 1 where tokens are fewer than directions
      expect(valueAt(grids.similarity, { layer: 0, otherLayer: 2 })).toBeLessThan(0.999);
      const other = new LanguageModel(initializeWeights(new Decoder(gpt2Like), { seed: 9, deviation: 0.3 }), { config: gpt2Like }); // biome-ignore format: one line
      const between = await layerSimilarity(model, prompts, { measure, other, skip: 0 });
      expect(valueAt(between.grids.similarity, { layer: 0, otherLayer: 0 })).toBeLessThan(1);
    },
  );

  it("does not see rotations, and takes more columns than rows", () => {
    const x = mx.random.normal([20, 30], mx.float32, 0, 1, mx.random.key(1));
    const [rotation] = mx.linalg.qr(mx.random.normal([30, 30], mx.float32, 0, 1, mx.random.key(2)));
    const turned = mx.multiply(mx.matmul(x, rotation), 3);
    expect(linearCka(x, turned)).toBeCloseTo(1, 4);
    expect(procrustesSimilarity(x, turned)).toBeCloseTo(1, 4);
    expect(svcca(x, turned).mean).toBeCloseTo(1, 4);
    const other = mx.random.normal([20, 5], mx.float32, 0, 1, mx.random.key(3));
    expect(linearCka(x, other)).toBeLessThan(0.9);
    expect(() => linearCka(x, mx.ones([20, 3]))).toThrow("not all the same");
    expect(() => linearCka(x, mx.ones([19, 3]))).toThrow("same inputs");
  });
});
