/** Layers that read an earlier one's keys and values, and what Gemma 4 has beside: a third write, and one matrix for keys and values. */
import { MissingAnatomyError, skip } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../../checkpoint/loading/load-model.js";
import { smallConfig } from "../../test-support/checkpoints.js";
import { maxDifference } from "../../test-support/reference.js";
import { referenceFolder } from "../../test-support/reference-folders.js";
import { Decoder } from "./decoder.js";

const opened = loadModel(referenceFolder("gemma4_text/base")); // layers 3 and 4 read the keys of 2 and 1
const prompt = [[5, 6, 7, 8, 9, 10, 11, 12]];

describe("a layer that reads an earlier one's keys and values", () => {
  it("sees what is changed where they are made, also as it is generated", async () => {
    const model = await opened;
    const site = "layers.4.selfAttn.pattern";
    const interventions = { "layers.1.selfAttn.kRot": (x: MxArray) => mx.zerosLike(x) };
    const flat = (await model.run(prompt, { save: site, interventions })).get(site);
    expect(maxDifference(flat.index(0, 0, 7), mx.full([8], 1 / 8))).toBeLessThan(1e-6);
    const logits = model.forward(prompt);
    const cache = model.createCache();
    const [first, rest] = [prompt[0].slice(0, 7), prompt[0].slice(7)];
    model.forward([first], { cache });
    const last = model.forward([rest], { cache });
    expect(maxDifference(last.index(0, 0), logits.index(0, 7))).toBeLessThan(1e-5);
  });

  it("has no sites and matrices of its own for them, and says whose they are", async () => {
    const model = await opened;
    for (const name of ["k", "v", "kRot", "kProj", "kInput"]) {
      const site = name === "kInput" ? name : `selfAttn.${name}`;
      expect(() => model.sites(`layers.3.${site}` as never)).toThrow(/matches no site/);
    }
    const weights = model.anatomy.weights(3);
    expect(() => weights.W_K).toThrow(MissingAnatomyError);
    expect(() => weights.W_V).toThrow(/layers\.2/);
    expect(weights.W_Q.shape).toEqual([4, 32, 8]);
  });

  it("refuses to do without the layer that makes them", async () => {
    const model = await opened;
    const view = model.edit({ "layers.2": skip() });
    expect(() => view.forward(prompt)).toThrow(/those of layers\.2, which was skipped/);
  });

  it("changes what one of its heads alone queries with", async () => {
    const model = await opened;
    const z = "layers.3.selfAttn.z";
    const interventions = {
      "layers.3.qInput": (x: MxArray) => mx.concatenate([x.index(mx.Slice(), mx.Slice(), mx.Slice(0, 1)), mx.multiply(x.index(mx.Slice(), mx.Slice(), mx.Slice(1)), -1)], 2), // biome-ignore format: one line
    };
    const [plain, changed] = [
      (await model.run(prompt, { save: z })).get(z),
      (await model.run(prompt, { save: z, interventions })).get(z),
    ];
    const head = (x: MxArray, index: number) => x.index(0, mx.Slice(), index);
    expect(maxDifference(head(plain, 0), head(changed, 0))).toBeLessThan(1e-5);
    expect(maxDifference(head(plain, 1), head(changed, 1))).toBeGreaterThan(1e-3);
  });

  it("must be of the shape of the other", () => {
    const config = smallConfig("llama");
    const [first, second] = config.layers;
    const reading = (attention: object) => ({
      ...config,
      layers: [first, { ...second, attention: { ...second.attention, ...attention } }],
    });
    expect(() => new Decoder(reading({ keysOf: 1 }))).toThrow(/no earlier layer with keys/);
    expect(() => new Decoder(reading({ keysOf: 0, window: 3 }))).toThrow(/other kvHeads/);
    expect(new Decoder(reading({ keysOf: 0 })).layers[1].selfAttn.kProj).toBeUndefined();
  });
});

describe("a third write", () => {
  it("is left out where it is skipped, and patched like any other", async () => {
    const model = await opened;
    const skipped = model.edit({ "layers.*.embeddingWrite": skip() }).forward(prompt);
    const zeroed = model.edit({ "layers.*.embeddingWrite": (x) => mx.zerosLike(x) });
    expect(toFlat(skipped)).toEqual(toFlat(zeroed.forward(prompt)));
    expect(maxDifference(skipped, model.forward(prompt))).toBeGreaterThan(1e-2);
  });
});

it("one matrix of keys and values is W_K and W_V, and heads may read what they like for either", async () => {
  const model = await loadModel(referenceFolder("gemma4_text/experts"));
  const { W_K, W_V } = model.anatomy.weights(1);
  expect(maxDifference(W_K, W_V)).toBe(0);
  const sites = ["layers.1.selfAttn.k", "layers.1.selfAttn.v"];
  const interventions = { "layers.1.vInput": (x: MxArray) => mx.multiply(x, -1) };
  const [plain, changed] = [
    await model.run(prompt, { save: sites }),
    await model.run(prompt, { save: sites, interventions }),
  ];
  expect(maxDifference(plain.get(sites[0]), changed.get(sites[0]))).toBe(0);
  const negative = mx.multiply(plain.get(sites[1]), -1);
  expect(maxDifference(negative, changed.get(sites[1]))).toBeLessThan(1e-5);
});
