/** A model of several residual streams: its sites, what it refuses, shared keys, and thresholds of sparse neurons. */
import { join } from "node:path";
import { MissingAnatomyError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { readJsonFile } from "../checkpoint/files/json-file.js";
import { loadModel, StreamsModel } from "../index.js";
import { normalQuantile } from "../streams/normal-quantile.js";
import { temporaryFolder, writeCheckpoint } from "../test-support/checkpoints.js";
import { maxDifference } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const folder = referenceFolder("gemma3n_text/base");
const opened = loadModel(folder, { as: StreamsModel });
const prompt = [[5, 6, 7, 8, 9, 10, 11, 12]];

describe("a model of several residual streams", () => {
  it("has all of them as the output of a layer, and one in what reads and writes", async () => {
    const model = await opened;
    const axes = (site: string) => model.sites(site as never)[0].axes;
    expect(axes("layers.1")).toEqual(["batch", "position", "streams", "hidden"]);
    expect(axes("layers.1.altUp.predicted")).toEqual(["batch", "position", "streams", "hidden"]);
    expect(axes("layers.1.activated")).toEqual(["batch", "position", "hidden"]);
    const save = ["layers.1", "layers.1.perLayerInput", "layers.1.selfAttn"];
    const cache = await model.run(prompt, { save });
    const shapes = save.map((site) => cache.get(site as never).shape);
    expect(shapes).toEqual([
      [1, 8, 3, 32],
      [1, 8, 6],
      [1, 8, 32],
    ]);
    expect(() => model.sites("layers.4.selfAttn.k" as never)).toThrow(/matches no site/);
    expect((await model.run(prompt, { save: "**" as never })).has("layers.1.altUp.corrected")).toBe(
      true,
    );
  });

  it("adds up: what a layer reads, attention and the narrow branch are the middle, the MLP what came of it", async () => {
    const model = await opened;
    const names = ["altUp.predicted", "selfAttn", "laurel", "residMid", "mlp", "activated"];
    const sites = names.map((name) => `layers.2.${name}`);
    const cache = await model.run(prompt, { save: sites });
    const [predicted, attention, laurel, middle, mlp, activated] = sites.map((site) => cache.get(site as never)); // biome-ignore format: one line
    const first = predicted.index(mx.Slice(), mx.Slice(), 0);
    const sum = mx.divide(mx.add(mx.add(first, attention), laurel), Math.sqrt(2));
    expect(maxDifference(sum, middle)).toBeLessThan(1e-5);
    expect(maxDifference(mx.add(middle, mlp), activated)).toBeLessThan(1e-5);
  });

  it("shows no list of layers that a method for one stream could take for its own", async () => {
    const { anatomy } = await opened;
    expect(() => anatomy.layers).toThrow(MissingAnatomyError);
    expect(() => anatomy.finalNorm(mx.zeros([1, 32]))).toThrow(/several/);
    await expect(loadModel(folder)).rejects.toMatchObject({ code: "MODEL_KIND" });
  });

  it("changes what later layers attend to where shared keys are changed, and says which are missing", async () => {
    const model = await opened;
    const site = "layers.4.selfAttn.pattern"; // reads the keys of layer 2
    const plain = (await model.run(prompt, { save: site })).get(site);
    const interventions = { "layers.2.selfAttn.kRot": (x: MxArray) => mx.zerosLike(x) };
    const flat = (await model.run(prompt, { save: site, interventions })).get(site);
    const row = flat.index(0, 0, 7);
    expect(maxDifference(row.index(mx.Slice(3, 8)), mx.full([5], 0.2))).toBeLessThan(1e-6);
    expect(maxDifference(flat, plain)).toBeGreaterThan(0.01);
  });

  it("passes every invariant that several streams have, and says why none is folded", async () => {
    const model = await opened;
    const { passed, invariants } = await model.verify();
    expect(invariants.filter((one) => !one.passed)).toEqual([]);
    expect(passed).toBe(true);
    expect(invariants).toHaveLength(7);
    expect(invariants.every(({ magnitude }) => magnitude > 0)).toBe(true);
    await expect(model.folded()).rejects.toMatchObject({
      ...{ code: "UNSUPPORTED_FOLD", message: expect.stringMatching(/streams are mixed/) },
    });
  });

  it("reads files that hold keys of layers which share others', and is saved as it was loaded", async () => {
    const model = await opened;
    const expected = (await model.run(prompt)).get("output");
    const tensors = mx.load(join(folder, "model.safetensors")) as Record<string, MxArray>;
    const unused = ["k_proj.weight", "v_proj.weight", "k_norm.weight"].map(
      (name) => [`model.layers.4.self_attn.${name}`, mx.ones([16, 32])] as const,
    );
    const json = readJsonFile(join(folder, "config.json")) as object;
    const copy = writeCheckpoint(json, { ...tensors, ...Object.fromEntries(unused) });
    const again = await loadModel(copy, { as: StreamsModel });
    expect(maxDifference((await again.run(prompt)).get("output"), expected)).toBeLessThan(1e-5);
    const saved = join(temporaryFolder(), "saved");
    await again.save(saved);
    const third = await loadModel(saved, { as: StreamsModel });
    expect(maxDifference((await third.run(prompt)).get("output"), expected)).toBeLessThan(1e-5);
  });

  it("is read out of the wrapper that it is published in", async () => {
    const model = await opened;
    const tensors = mx.load(join(folder, "model.safetensors")) as Record<string, MxArray>;
    const renamed = Object.entries(tensors).map(
      ([name, tensor]) => [name.replace(/^model\./, "model.language_model."), tensor] as const,
    );
    const json = readJsonFile(join(folder, "config.json")) as object;
    const wrapped = { model_type: "gemma3n", text_config: json, vision_config: { a: 1 } };
    const others = [["model.vision_tower.a.weight", mx.ones([2, 2])] as const];
    const copy = writeCheckpoint(wrapped, Object.fromEntries([...renamed, ...others]));
    const inner = await loadModel(copy, { as: StreamsModel });
    expect(inner.notes.join()).toContain("vision_tower");
    const expected = (await model.run(prompt)).get("output");
    expect(maxDifference((await inner.run(prompt)).get("output"), expected)).toBeLessThan(1e-5);
  });
});

/** Of scipy.stats.norm.ppf. */
it.each([
  [0.95, 1.6448536269514722],
  [0.8, 0.8416212335729143],
  [0.5, 0],
  [0.001, -3.090232306167813],
])("the quantile of %d lies at %d standard deviations", (share, deviations) => {
  expect(normalQuantile(share)).toBeCloseTo(deviations, 10);
});
