/** Differences of models against what was changed in them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mx, nn, optimizers, toFlat } from "@mlxterp/mlx";
import {
  Decoder,
  initializeWeights,
  LanguageModel,
  loadModel,
  type TextTokenizer,
} from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it, onTestFinished } from "vitest";
import { rerun } from "../rerun.js";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import { diffMethod } from "./method.js";
import { modelDiff } from "./model-diff.js";

const make = (config: typeof gpt2Like, seed: number) =>
  new LanguageModel(initializeWeights(new Decoder(config), { seed, deviation: 0.3 }), { config });
const model = make(gpt2Like, 3);
const prompt = [5, 17, 2, 250];

const llama = new URL("../../../models/references/llama/base", import.meta.url).pathname;

/** Only the queries of head 2 in layer 1, by an adapter of rank 1. */
function adapterFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-diff-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const name = "base_model.model.model.layers.1.self_attn.q_proj";
  const up = Float32Array.from({ length: 32 }, (_, row) => (Math.floor(row / 8) === 2 ? 1 : 0));
  mx.saveSafetensors(join(folder, "adapter_model.safetensors"), {
    [`${name}.lora_A.weight`]: mx.ones([1, 32]),
    [`${name}.lora_B.weight`]: mx.array([...up]).reshape([32, 1]),
  });
  const settings = { peft_type: "LORA", r: 1, lora_alpha: 1, target_modules: ["q_proj"], bias: "none" }; // biome-ignore format: one object
  writeFileSync(join(folder, "adapter_config.json"), JSON.stringify(settings));
  return folder;
}

/** Two steps of training of one MLP. */
async function trainedForm() {
  const trained = await loadModel(llama);
  const module = trained.module as Decoder;
  module.freeze();
  module.layers[1].mlp.unfreeze();
  const ids = mx.array([[5, 17, 9, 33, 2, 8]], mx.int32);
  const step = nn.valueAndGrad(module, () => {
    const logits = module.forward(ids).index(0, mx.Slice(0, 5));
    return nn.losses.crossEntropy(logits, ids.index(0, mx.Slice(1)), undefined, -1, 0, "mean");
  });
  const optimizer = new optimizers.SGD(0.5);
  for (let count = 0; count < 2; count++) {
    const [, gradients] = step();
    optimizer.update(module, gradients);
    mx.eval(module.parameters());
  }
  return trained;
}

const names = ["q", "k", "v", "o"].map((part) => `selfAttn.${part}Proj`);
const inLayers = (parts: readonly string[], layers: readonly number[]) =>
  layers.flatMap((layer) => parts.map((part) => [`layers.${layer}.${part}`, false] as const));

/** Forms of one model, with what differs by construction; heads are 4 in each of two layers. */
const changedForms = {
  "an edit of an MLP": {
    make: async () => (await loadModel(llama)).edit({ "layers.0.mlp": (x) => mx.multiply(x, 0.5) }),
    layers: [0],
    heads: [],
  },
  "an adapter of one head's queries": {
    make: () => loadModel(llama, { adapter: adapterFolder() }),
    layers: [1],
    heads: [6],
  },
  "a few steps of training": { make: trainedForm, layers: [1], heads: [] },
  "attention of one layer in 4 bits": {
    make: () =>
      loadModel(llama, {
        quantize: {
          groupSize: 32,
          overrides: Object.fromEntries([
            ["embedTokens", false],
            ["lmHead", false],
            ...inLayers(names, [1]),
            ...inLayers(["mlp.gateProj", "mlp.upProj", "mlp.downProj"], [0, 1]),
          ]),
        },
      }),
    layers: [0],
    heads: [0, 1, 2, 3],
  },
} as const;

describe("modelDiff", () => {
  it("finds where a change begins, and from where on the other model is this one again", async () => {
    const { grids, tables } = await modelDiff(model, prompt, { change: "layers.1.mlp=scale(0.2)", topK: 3 }); // biome-ignore format: one line
    const edited = model.edit({ "layers.1.mlp": (x) => mx.multiply(x, 0.2) });
    const [own, other] = await Promise.all([model, edited].map((one) => one.run([prompt], { save: ["layers.1", "output"] }))); // biome-ignore format: one line
    for (const at of [0, 1, 2, 3]) {
      expect(valueAt(grids.residual!, { layer: 0, position: at })).toBe(0);
      const [a, b] = [own, other].map((run) => toFlat(run.get("layers.1").index(0, at)));
      const far = Math.hypot(...a.map((one, index) => b[index] - one)) / Math.hypot(...a);
      expect(valueAt(grids.residual!, { layer: 1, position: at })).toBeCloseTo(far, 4);
    }
    const [p, q] = [own, other].map((run) => [...toFlat(mx.softmax(run.last("output"), -1))]);
    const divergence = p.reduce((sum, one, id) => sum + one * Math.log(one / q[id]), 0);
    expect(valueAt(grids.divergence, { position: -1 })).toBeCloseTo(divergence, 3);
    expect(grids.patched!.values[0]).toBeCloseTo(divergence, 3);
    expect(grids.patched!.values[1]).toBeCloseTo(divergence, 3); // layer 0 is the same in both
    expect(grids.patched!.values[2]).toBeLessThan(1e-4); // after the change nothing is left
    const change = (id: number) => q[id] - p[id];
    const order = Array.from(p, (_, id) => id).sort((a, b) => change(b) - change(a));
    expect(tables.tokens.rows.slice(0, 3).map(({ id }) => id)).toEqual(order.slice(0, 3));
    expect(tables.tokens.rows.at(-1)!.id).toBe(order.at(-1));
    expect([...grids.head!.values].slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]); // of layers 0 and 1
    expect(Math.max(...grids.head!.values)).toBeGreaterThan(0);
  });

  it("is nothing for a model and itself, and compares predictions alone where shapes differ", async () => {
    const same = await modelDiff(model, [prompt, [7, 8]] as never, { other: model });
    for (const { grids } of [same].flat()) {
      expect(Math.max(...grids.divergence.values, ...grids.residual!.values)).toBeLessThan(1e-5);
    }
    const shallow = make({ ...gpt2Like, layers: gpt2Like.layers.slice(0, 2) }, 4);
    const apart = await modelDiff(model, prompt, { other: shallow });
    expect(apart.grids.residual).toBeUndefined();
    expect(apart.notes.map(({ code }) => code)).toEqual(["OTHER_SHAPE"]);
    expect(Math.max(...apart.grids.divergence.values)).toBeGreaterThan(0.01);
    expect(apart.asked.other).toBe(shallow.name);
    await expect(rerun(model, diffMethod as never, apart)).rejects.toMatchObject({
      ...{ code: "NOT_REPEATABLE", message: expect.stringContaining("its other was a model") },
    });
  });

  it.each(Object.entries(changedForms))(
    "names the layers and heads that were changed, and no other: %s",
    async (_, { make, layers, heads }) => {
      const base = await loadModel(llama);
      const { grids, tables } = await modelDiff(base, [5, 17, 9, 33, 2], { other: await make() });
      const above = (grid: { values: ArrayLike<number> }) =>
        Array.from(grid.values).flatMap((value, at) => (value > 1e-5 ? [at] : []));
      expect(above(grids.ownLayer!).map((at) => grids.ownLayer!.labels.layer[at])).toEqual(layers);
      expect(above(grids.ownHead!)).toEqual(heads);
      // what is handed on is different from there on, whoever made it
      const least = Math.min(...layers);
      const last = base.anatomy.layers - 1;
      for (const layer of [least, last]) {
        expect(valueAt(grids.residual!, { layer, position: -1 })).toBeGreaterThan(1e-4);
      }
      const [gains] = tables.tokens.rows;
      expect(gains.other).toBeGreaterThan(gains.model);
    },
  );

  it("refuses what cannot be compared", async () => {
    await expect(modelDiff(model, prompt, {})).rejects.toThrow("one of the two");
    const llama = make(llamaLike as never, 1);
    await expect(modelDiff(model, prompt, { other: llama })).rejects.toThrow("60 tokens");
    await expect(modelDiff(model, prompt, { other: "tiny" })).rejects.toThrow("load it");
    await expect(modelDiff(model, prompt, { change: "layers.9=scale(2)" })).rejects.toMatchObject({ code: "UNKNOWN_SITE" }); // biome-ignore format: one line
  });

  it("refuses a model that reads other words, though it has as many", async () => {
    const reading = (words: string) => {
      const tokenizer = {
        encode: (text: string) => [...text].map((letter) => words.indexOf(letter)),
        decode: (ids: readonly number[]) => ids.map((id) => words[id] ?? "?").join(""),
        pieces: (ids: readonly number[]) => ids.map((id) => words[id] ?? "?"),
        vocabSize: gpt2Like.vocab,
      };
      return new LanguageModel(model.module, { config: gpt2Like, tokenizer: tokenizer as unknown as TextTokenizer }); // biome-ignore format: one line
    };
    const own = reading("abcd");
    await expect(modelDiff(own, "abc", { other: reading("abdc") })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining('reads "d" where this model reads "c"') as string,
    });
    const { grids } = await modelDiff(own, "ab", { other: reading("abdc") });
    expect(Math.max(...grids.divergence.values)).toBeCloseTo(0, 5);
  });
});
