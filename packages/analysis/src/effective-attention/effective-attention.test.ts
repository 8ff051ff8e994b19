/** Effective attention against what the models themselves read: the weighted sum of inputs, and inputs one by one. */
import { fileURLToPath } from "node:url";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { loadModel, RecurrentModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { effectiveAttention } from "./effective-attention.js";

const reference = (name: string) =>
  loadModel(fileURLToPath(new URL(`../../../models/references/${name}/base`, import.meta.url)), {
    as: RecurrentModel,
  });
const ids = [3, 1, 4, 1, 5, 9, 2];

/** The pattern of one layer, (heads, query, key). */
async function patternOf(model: RecurrentModel, layer: number): Promise<MxArray> {
  const { grids } = await effectiveAttention(model, ids, { layers: [layer] });
  const { values, labels } = grids.pattern;
  return mx.array([...values]).reshape([labels.head.length, ids.length, ids.length]);
}

const difference = (a: MxArray, b: MxArray) => Number(mx.max(mx.abs(mx.subtract(a, b))).item());

describe("effectiveAttention", () => {
  it.each([
    ["mamba2", "signal"],
    ["qwen3_next", "v"],
  ])("%s: weights times inputs are what is read", async (name, inputs) => {
    const model = await reference(name);
    const pattern = await patternOf(model, 2);
    const site = (part: string) => `layers.2.mixer.${part}`;
    const cache = await model.run([ids], { save: [site(inputs), site("read")] as string[] });
    const [values, read] = [inputs, "read"].map((part) => cache.get(site(part)).squeeze(0));
    const mixed = mx.matmul(pattern, values.transpose(1, 0, 2)).transpose(1, 0, 2);
    const { skip } = model.module.layers[2].mixer as unknown as { skip?: MxArray };
    const bypass = skip ? mx.multiply(values, mx.expandDims(skip, 1)) : mx.zerosLike(values);
    expect(difference(mx.add(mixed, bypass), read)).toBeLessThan(1e-4);
  });

  it("mamba: the mean over channels of what is read of each position's unit", async () => {
    const model = await reference("mamba");
    const pattern = await patternOf(model, 0);
    const site = (part: string) => `layers.0.mixer.${part}`;
    const save = ["delta", "B", "read", "signal"].map(site);
    for (const key of [0, 3]) {
      // A unit in place of the signal, of one position alone.
      const cache = await model.run([ids], { save: save as string[] });
      const [delta, B] = ["delta", "B"].map((part) => cache.get(site(part)));
      const unit = mx.multiply(mx.expandDims(delta, 3), mx.expandDims(B, 2));
      const at = mx.equal(mx.arange(0, ids.length, 1, mx.int32), key).reshape([1, -1, 1, 1]);
      const interventions = { [site("write")]: () => mx.multiply(unit, at) };
      const changed = await model.run([ids], { save: save as string[], interventions });
      const { skip } = model.module.layers[0].mixer as unknown as { skip: MxArray };
      const bypass = mx.multiply(changed.get(site("signal")), skip);
      const expected = mx.mean(mx.subtract(changed.get(site("read")), bypass), 2).squeeze(0);
      expect(difference(pattern.index(0, mx.Slice(), key), expected)).toBeLessThan(1e-5);
    }
  });

  it("recurrent_gemma: the mean over channels of what is remembered of each position's unit", async () => {
    const model = await reference("recurrent_gemma");
    const site = (part: string) => `layers.0.mixer.${part}`;
    const pattern = await patternOf(model, 0);
    const save = ["write", "signal", "state"].map(site) as string[];
    const cache = await model.run([ids], { save });
    const unit = mx.divide(cache.get(site("write")), cache.get(site("signal")));
    for (const key of [0, 3]) {
      const at = mx.equal(mx.arange(0, ids.length, 1, mx.int32), key).reshape([1, -1, 1]);
      const interventions = { [site("write")]: () => mx.multiply(unit, at) };
      const changed = await model.run([ids], { save, interventions });
      const expected = mx.mean(changed.get(site("state")), 2).squeeze(0);
      expect(difference(pattern.index(0, mx.Slice(), key), expected)).toBeLessThan(1e-5);
    }
  });

  it("sees nothing later, and takes every layer with such a mixer", async () => {
    const { grids } = await effectiveAttention(await reference("qwen3_next"), ids);
    expect(grids.pattern.labels.layer).toEqual([0, 2]);
    const pattern = mx.array([...grids.pattern.values]).reshape([-1, ids.length, ids.length]);
    const later = mx.subtract(pattern, mx.tril(pattern, 0));
    expect(toFlat(later).every((weight) => weight === 0)).toBe(true);
  });

  it("refuses layers that attend, and mixers without keys", async () => {
    const attends = effectiveAttention(await reference("qwen3_next"), ids, { layers: [1] });
    await expect(attends).rejects.toThrow("attentionPatterns");
    const convolves = effectiveAttention(await reference("lfm2"), ids);
    await expect(convolves).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
