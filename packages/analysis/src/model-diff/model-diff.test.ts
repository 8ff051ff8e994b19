/** Differences of models against what was changed in them. */
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, type TextTokenizer } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { rerun } from "../rerun.js";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import { diffMethod } from "./method.js";
import { modelDiff } from "./model-diff.js";

const make = (config: typeof gpt2Like, seed: number) =>
  new LanguageModel(initializeWeights(new Decoder(config), { seed, deviation: 0.3 }), { config });
const model = make(gpt2Like, 3);
const prompt = [5, 17, 2, 250];

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
