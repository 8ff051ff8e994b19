/** What plain JavaScript misspells, masks that would be added, caches of another computation, and logits that are no numbers. */
import { firstNotFinite, NotFiniteError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CacheMismatchError, loadModel, PrefixMismatchError } from "../index.js";

const model = await loadModel("tiny");
const ids = [[1, 5, 2]];
const halve = (x: MxArray) => mx.multiply(x, 0.5);
const feed = (options: object) => model.run(ids, { save: "output", args: [options] });

describe("options", () => {
  it.each<[string, (options: never) => unknown]>([
    ["intervention", (options) => model.run(ids, options)],
    ["intervention", async (options) => model.trace(ids, options)],
    ["intervention", async (options) => model.scan(ids, options)],
    ["sites", (options) => model.gradients(ids, (x) => mx.sum(x), options)],
    ["max_tokens", (options) => model.generateText(ids, options)],
    ["maxToken", (options) => model.generate(ids, options).next()],
    ["maxToken", (options) => model.generateBatch(ids, options).next()],
    ["saves", (options) => model.rollout(ids, options)],
    ["saves", (options) => model.rolloutBatch(ids, options)],
    ["slide", (options) => model.readPrefix(ids, options)],
    ["centerWrites", (options) => model.folded(options)],
    ["promt", (options) => model.verify(options)],
    ["pading", (options) => feed(options)],
  ])("refuse %s", async (name, call) => {
    const attempt = (async () => call({ [name]: "x" } as never))();
    await expect(attempt).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(attempt).rejects.toThrow(new RegExp(`${name}: there is no such option`));
  });

  it.each(["topK", "topP", "minP", "seed"])("refuse %s where nothing is drawn", async (name) => {
    const attempt = model.generateText(ids, { [name]: 1 });
    await expect(attempt).rejects.toThrow(new RegExp(`${name}: without .temperature`));
  });
});

it("a mask is refused that has other keys, or that raises scores as one of 0 and 1 would", async () => {
  const refused = [mx.zeros([1, 1, 1, 7]), mx.ones([1, 1, 1, 3]), mx.ones([1, 1, 1, 3], mx.int32)];
  for (const mask of refused) await expect(feed({ mask })).rejects.toThrow(/^mask: /);
  await feed({ mask: mx.array([[[[0, 0, -1e9]]]]) });
});

it("keys of another view, or of other interventions, are refused", async () => {
  const cache = model.createCache();
  await model.run(ids, { save: "output", args: [{ cache }] });
  const next = { save: "output", args: [{ cache }] } as const;
  const edited = model.edit({ "layers.1": halve });
  await expect(edited.run([[3]], next)).rejects.toThrow(CacheMismatchError);
  const other = model.run([[3]], { ...next, interventions: { "layers.1": halve } });
  await expect(other).rejects.toMatchObject({ differs: "interventions" });
  await model.run([[3]], next);
  const prefix = await model.readPrefix(ids);
  const interventions = { "layers.1": halve };
  const mixed = model.generateText([[3]], { prefix, interventions, maxTokens: 1 });
  await expect(mixed).rejects.toThrow(PrefixMismatchError);
  await model.generateText([[3]], { prefix: prefix.asItIs(), interventions, maxTokens: 1 });
});

it("logits that are no numbers name the first site, and generate nothing", async () => {
  const broken = model.edit({ "layers.1": (x: MxArray) => mx.multiply(x, Number.NaN) });
  expect(await firstNotFinite(broken, ids)).toEqual({ site: "layers.1", kind: "NaN" });
  expect(await firstNotFinite(model, ids)).toBeUndefined();
  for (const options of [{ maxTokens: 2 }, { maxTokens: 2, temperature: 1 }]) {
    const attempt = broken.generateText(ids, options);
    await expect(attempt).rejects.toThrow(NotFiniteError);
    await expect(attempt).rejects.toMatchObject({ first: { site: "layers.1", kind: "NaN" } });
  }
});

it("values that are infinite in half precision are refused with the largest", async () => {
  const large = model.edit({ "layers.1": (x: MxArray) => mx.multiply(x, 1e6) });
  const attempt = large.run(ids, { save: "layers.1", dtype: "float16" });
  await expect(attempt).rejects.toMatchObject({ code: "DTYPE_OVERFLOW", site: "layers.1" });
});
