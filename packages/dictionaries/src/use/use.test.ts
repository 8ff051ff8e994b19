/** Dictionaries in a model: against brute force on a small random dictionary of the shipped model. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { completeConfig } from "../dictionary/config.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { normal, randomDictionary } from "../testing/make.js";
import { featureDashboard } from "./dashboard.js";
import { logitEffects } from "./logit-effects.js";
import { featureSimilarity, matchFeatures } from "./similarity.js";
import { siteOfName } from "./sites.js";
import { changeFeatures, featureSite, spliceDictionary } from "./splice-dictionary.js";
import { topExamples } from "./top-examples.js";

const model = await loadModel("tiny");
const prompt = "Mary and John went to the park . John gave a ball to";
const relu = { kind: "relu" } as const;
const parts = { activation: relu, inputWidth: 128, features: 40 };
const dictionary = randomDictionary({ ...parts, site: "blocks.2.hook_resid_post" });
const transcoder = randomDictionary({
  ...{ ...parts, kind: "transcoder", site: "blocks.1.mlp.hook_in", outputWidth: 128 },
  outputSite: "blocks.1.hook_mlp_out",
} as const);
const ofNeurons = randomDictionary({
  ...{ activation: relu, inputWidth: 256, features: 40, site: "blocks.1.mlp.hook_post" },
});
const numbers = (array: MxArray) => [...toFlat(array)];
const difference = (a: MxArray, b: MxArray) => Number(mx.max(mx.abs(mx.subtract(a, b))).item());

async function outputOf(view: typeof model, save = "output"): Promise<MxArray> {
  using cache = await view.run(prompt, { save });
  return mx.add(cache.get(save), 0);
}

/** Each generated token was taken for a text of its own. */
it("reads a prompt with a temporal dictionary, and generates nothing with it", async () => {
  const features = 16;
  const square = (seed: number) => normal([features, features], seed);
  const layer = {
    ...{ query: square(1), key: square(2), value: square(3), output: square(4) },
    ...{ queryBias: mx.zeros([features]), keyBias: mx.zeros([features]) },
    ...{ valueBias: mx.zeros([features]), outputBias: mx.zeros([features]) },
  };
  const temporal = new Dictionary(
    completeConfig({
      ...{ activation: { kind: "temporal", heads: 2, k: 4 }, inputWidth: 128, features },
      ...{ site: "blocks.2.hook_resid_post", format: "mlxterp" },
    }),
    {
      ...{ encoder: normal([128, features], 5), decoder: normal([features, 128], 6) },
      ...{ decoderBias: mx.zeros([128]), context: [layer] },
    },
  );
  const view = spliceDictionary(model, temporal);
  expect(numbers(await outputOf(view))).toEqual(numbers(await outputOf(model)));
  const read = await outputOf(view, featureSite(model, temporal));
  expect(difference(read, temporal.encode(await outputOf(model, "layers.2")))).toBeLessThan(1e-4);
  await expect(view.generateText(prompt, { maxTokens: 2 })).rejects.toThrow("reads whole texts");
});

describe.each([
  ["an autoencoder", dictionary, "layers.2"],
  ["a transcoder", transcoder, "layers.1.mlp"],
  ["an autoencoder of neurons", ofNeurons, "layers.1.mlp.post"],
] as const)("%s in its model", (_, one, place) => {
  it("changes nothing, and has its features as a site", async () => {
    const view = spliceDictionary(model, one);
    expect(numbers(await outputOf(view))).toEqual(numbers(await outputOf(model)));
    const site = featureSite(model, one);
    expect(site).toBe(`${place}.inserted.features`);
    const reads = place === "layers.1.mlp" ? "layers.1.postAttentionNorm" : place;
    const expected = one.encode(await outputOf(model, reads));
    expect(difference(await outputOf(view, site), expected)).toBeLessThan(1e-4);
  });

  it("gives a changed feature the effect of its decoder row", async () => {
    const site = featureSite(model, one);
    const steered = spliceDictionary(model, one).edit({
      [site]: changeFeatures(one, { add: { 3: 2 }, scale: { 5: 0 }, set: { 7: 1 } }),
    });
    const before = await outputOf(spliceDictionary(model, one), site);
    const at = (feature: number) => before.index("...", mx.Slice(feature, feature + 1));
    const row = (feature: number) => one.directions().index(feature);
    const change = [
      mx.multiply(row(3), 2),
      mx.negative(mx.multiply(at(5), row(5))),
      mx.multiply(mx.subtract(1, at(7)), row(7)),
    ].reduce((sum, part) => mx.add(sum, part));
    const byHand = model.edit({ [place]: (y: MxArray) => mx.add(y, change) });
    expect(difference(await outputOf(steered), await outputOf(byHand))).toBeLessThan(1e-2);
    expect(difference(await outputOf(steered), await outputOf(model))).toBeGreaterThan(0.1);
  });
});

it("steers what is generated", async () => {
  const { text } = await model.generateText("the capital of", { maxTokens: 4 });
  const steered = spliceDictionary(model, dictionary).edit({
    [featureSite(model, dictionary)]: changeFeatures(dictionary, { set: { 1: 80 } }),
  });
  expect((await steered.generateText("the capital of", { maxTokens: 4 })).text).not.toBe(text);
});

it("are changed at no site but theirs", async () => {
  const elsewhere = model.edit({ "layers.1": changeFeatures(dictionary, { set: { 1: 80 } }) });
  await expect(elsewhere.run(prompt, { save: "output" })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    message: expect.stringContaining("featureSite(model, dictionary)"),
  });
});

describe("examples of features", () => {
  const texts = [prompt, "the capital of France is", "Tom and Anna went to the park ."];
  const options = {
    features: [0, 7, 21],
    count: 2,
    context: 2,
    positions: { from: 1 },
    batchSize: 2,
  } as const;

  it("are the places where brute force finds them", async () => {
    const found = await topExamples(model, dictionary, texts, options);
    const all: { value: number; sequence: number; position: number; feature: number }[] = [];
    let tokens = 0;
    for (const [sequence, one] of texts.entries()) {
      using cache = await model.run(one, { save: "layers.2" });
      const rows = dictionary.encode(cache.get("layers.2")).index(0);
      const [length] = rows.shape;
      tokens += length - 1;
      const values = toFlat(rows);
      for (let position = 1; position < length; position++) {
        for (const feature of options.features) {
          all.push({ value: values[position * 40 + feature], sequence, position, feature });
        }
      }
    }
    for (const { feature, density, mean, examples } of found) {
      const on = all.filter((one) => one.feature === feature && one.value > 0);
      expect(density).toBeCloseTo(on.length / tokens, 6);
      expect(mean).toBeCloseTo(on.reduce((sum, { value }) => sum + value, 0) / on.length, 3);
      const bySequence = texts.map(
        (_, sequence) =>
          on.filter((one) => one.sequence === sequence).sort((a, b) => b.value - a.value)[0],
      );
      const best = bySequence
        .filter(Boolean)
        .sort((a, b) => b.value - a.value)
        .slice(0, 2);
      expect(examples.map(({ sequence, position }) => [sequence, position])).toEqual(
        best.map(({ sequence, position }) => [sequence, position]),
      );
      expect(examples[0].activations[examples[0].at]).toBeCloseTo(best[0].value, 3);
    }
  });

  it("are shown with what the feature says", async () => {
    const [summary] = await topExamples(model, dictionary, texts, options);
    const [section] = featureDashboard(summary, logitEffects(model, dictionary, [0])[0]);
    expect(section).toMatchObject({ kind: "section", title: "Feature 0" });
    const kinds = "blocks" in section ? section.blocks.map(({ kind }) => kind) : [];
    expect(kinds).toEqual(["text", "tokens", "tokens", "bars", "bars"]);
  });

  it("are not looked for where no feature is", async () => {
    await expect(topExamples(model, dictionary, texts, { features: [40] })).rejects.toThrow(
      "0 … 39",
    );
    const nowhere = randomDictionary(parts);
    await expect(topExamples(model, nowhere, texts)).rejects.toThrow("name a site");
  });
});

describe("what features say directly", () => {
  it("is their decoder row through the final norm and the unembedding", () => {
    const [{ promotes, suppresses }] = logitEffects(model, dictionary, [4], 3);
    const { anatomy } = model;
    const read = (x: MxArray) => anatomy.unembed(anatomy.finalNorm(x));
    const logits = toFlat(read(dictionary.weights.decoder.index(4).reshape([1, 128])));
    const mean = [...logits].reduce((sum, value) => sum + value, 0) / logits.length;
    const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a]);
    expect(promotes.map(({ id }) => id)).toEqual(order.slice(0, 3));
    expect(suppresses.map(({ id }) => id)).toEqual(order.slice(-3).reverse());
    expect(promotes[0].effect).toBeCloseTo(logits[order[0]] - mean, 3);
    expect(suppresses[0].effect).toBeCloseTo(logits[order.at(-1)!] - mean, 3);
  });

  it("is refused where a dictionary does not write into the residual stream", () => {
    expect(() => logitEffects(model, randomDictionary({ activation: relu }), [0])).toThrow(
      expect.objectContaining({ code: "DICTIONARY_SHAPE" }),
    );
  });
});

it.each([[Symbol("four")], [null], [true], [""], [[4]], [4n], ["4.0"]])("takes %s for no feature", (one) => {
  expect(() => logitEffects(model, dictionary, [one as never])).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
}); // biome-ignore format: a table

it("finds features again that were put in another order", () => {
  const order = [3, 1, 2, 0, ...Array.from({ length: 36 }, (_, at) => at + 4)];
  const places = mx.array(order, mx.int32);
  const { decoder, encoder, encoderBias, decoderBias } = dictionary.weights;
  const mixed = new Dictionary(dictionary.config, {
    decoder: mx.multiply(mx.take(decoder, places, 0), 3),
    encoder: mx.take(encoder, places, 1),
    encoderBias: mx.take(encoderBias!, places, 0),
    decoderBias,
  });
  expect(matchFeatures(mixed, dictionary).map(({ match }) => match)).toEqual(order);
  const cosines = toFlat(featureSimilarity(dictionary));
  expect(cosines[0]).toBeCloseTo(1, 5);
  expect(cosines.every((value) => Math.abs(value) <= 1 + 1e-5)).toBe(true);
  expect(() => featureSimilarity(dictionary, randomDictionary({ activation: relu }))).toThrow(
    "[20, 6]",
  );
});

it.each([
  ["blocks.3.mlp.hook_in", "layers.3.postAttentionNorm"],
  ["blocks.3.hook_resid_post", "blocks.3.hook_resid_post"],
  ["model.layers.3.mlp", "layers.3.mlp"],
  ["layers.3.input", "layers.3.input"],
])("knows %s as %s", (name, site) => {
  expect(siteOfName(name)).toBe(site);
});
