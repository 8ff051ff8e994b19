/** Architectures of SAELens that choose features one after the other, or by the positions before, against its formulas in torch; and what else came later. */
import { type MxArray, mx, readTensors, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import type { DictionaryConfig } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { firstFeatures, foldActivationNorm, foldDecoderNorm } from "../dictionary/fold.js";
import { saveDictionary } from "../saving/save-dictionary.js";
import { normal, temporaryFolder } from "../testing/make.js";
import { excess, ownCasePath } from "../testing/reference.js";
import { loadDictionary } from "./load.js";

const cases = [
  ...["matching-pursuit", "matching-pursuit-fixed", "matching-pursuit-near"],
  ...["matching-pursuit-nobdec", "temporal", "temporal-untied-relu", "temporal-scaled"],
].map((name) => `saelens-${name}`);

const apart = (a: MxArray, b: MxArray) => excess(a, b, { atol: 2e-5, rtol: 2e-5 });

describe.each(cases)("%s", (name) => {
  const path = ownCasePath(name);
  const { x, feature_acts, decoded, reconstruction } = readTensors(
    ownCasePath(name, "values.safetensors"),
  ).tensors;

  it("encodes and decodes as its formulas do, and once more when it was saved", async () => {
    const folder = temporaryFolder();
    await saveDictionary(loadDictionary(path), folder);
    for (const dictionary of [loadDictionary(path), loadDictionary(folder)]) {
      expect(apart(dictionary.encode(x), feature_acts)).toBeLessThanOrEqual(0);
      expect(apart(dictionary.decode(feature_acts), decoded)).toBeLessThanOrEqual(0);
      expect(apart(dictionary.forward(x), reconstruction)).toBeLessThanOrEqual(0);
    }
  });

  it("gives a text in a padded batch what it gives it alone", () => {
    const dictionary = loadDictionary(path);
    const alone = dictionary.encode(x.index(mx.Slice(0, 1), mx.Slice(0, 3)));
    const beside = dictionary.encode(x).index(mx.Slice(0, 1), mx.Slice(0, 3));
    expect(apart(alone, beside)).toBeLessThanOrEqual(0);
  });

  it("is not read in other units", () => {
    const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(() => foldDecoderNorm(loadDictionary(path))).toThrow(refused);
    expect(() => foldActivationNorm(loadDictionary(path), 3)).toThrow(refused);
  });
});

/** Two linear layers with a bias each, of which nothing is taken off before: its decoder's bias was looked for under another name. */
it("reads dictionary_learning's AutoEncoderNew, with its config.json and without", () => {
  const name = "dictionary-learning-new";
  const values = readTensors(ownCasePath(name, "values.safetensors")).tensors;
  for (const part of ["", "ae.pt"]) {
    const dictionary = loadDictionary(ownCasePath(name, part));
    expect(apart(dictionary.encode(values.x), values.feature_acts)).toBeLessThanOrEqual(0);
    expect(apart(dictionary.forward(values.x), values.reconstruction)).toBeLessThanOrEqual(0);
  }
});

/** Rows of single texts would be taken for one text. */
it("refuses rows where a temporal dictionary needs texts", () => {
  const dictionary = loadDictionary(ownCasePath("saelens-temporal"));
  const refused = expect.objectContaining({ code: "DICTIONARY_SHAPE" });
  expect(() => dictionary.encode(normal([5, 12], 1))).toThrow(refused);
  expect(() => firstFeatures(dictionary, 8)).toThrow("predicted from all of them");
});

it("has the gradient of finite differences through a pursuit", () => {
  const dictionary = pursuit({ tolerance: 0, rounds: 3, untilRepeated: false });
  const weights = normal([4, 20], 5);
  const f = (x: MxArray) => mx.sum(mx.multiply(dictionary.encode(x), weights));
  const x = normal([4, 6], 6);
  const gradient = toFlat(mx.grad(f as never)(x) as unknown as MxArray);
  const step = 1e-3;
  for (const place of [0, 7, 23]) {
    const moved = (by: number) => {
      const values = [...toFlat(x)];
      values[place] += by;
      return Number(f(mx.array(values).reshape([4, 6])).item());
    };
    expect(gradient[place]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 1);
  }
});

/** As many rounds as a published dictionary asks for are one graph. */
it("goes as many rounds as activations are wide", () => {
  const dictionary = pursuit({ tolerance: 1e-2, rounds: 1024, untilRepeated: true });
  const short = pursuit({ tolerance: 1e-2, rounds: 40, untilRepeated: true });
  const x = normal([4, 6], 8);
  expect(toFlat(dictionary.encode(x))).toEqual(toFlat(short.encode(x)));
});

function pursuit(
  settings: Omit<Extract<DictionaryConfig["activation"], { kind: "matchingPursuit" }>, "kind">,
): Dictionary {
  const drawn = normal([20, 6], 3);
  const decoder = mx.divide(drawn, mx.sqrt(mx.sum(mx.square(drawn), 1, true)));
  return new Dictionary(
    {
      ...{ kind: "autoencoder", inputWidth: 6, features: 20, outputWidth: 6 },
      ...{ activation: { kind: "matchingPursuit", ...settings }, normalization: "none" },
      ...{ averageScaled: false, subtractDecoderBias: true, scaleByDecoderNorm: false },
      ...{ joinHeads: false, format: "mlxterp" },
    },
    { encoder: decoder.transpose(), decoder, decoderBias: mx.zeros([6]) },
  );
}
