/** A classifier of pictures: its sites, what it says, what it refuses, and published names of its weights. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { ImageClassifier, loadModel } from "../index.js";
import { temporaryFolder, writeCheckpoint } from "../test-support/checkpoints.js";
import { maxDifference, readActivations } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const folder = referenceFolder("vit/image");

describe("a classifier of pictures", () => {
  const opened = loadModel(folder, { as: ImageClassifier });
  const { pixels, logits } = readActivations(folder);

  it("says what a picture shows, in the words of its labels", async () => {
    const model = await opened;
    const [first] = await model.classify(pixels);
    const best = Number(mx.argmax(logits.index(0)).item());
    expect(first.label).toBe(["tench", "goldfish", "shark"][best]);
  });

  it("has the sites of a language model's layers, whose positions are patches", async () => {
    const model = await opened;
    const cache = await model.run(pixels, { save: ["patchProj", "layers.1.selfAttn.z"] });
    expect(cache.get("patchProj").shape).toEqual([2, 6, 32]);
    expect(cache.get("layers.1.selfAttn.z").shape).toEqual([2, 7, 4, 8]);
    const zeroed = { "layers.1": (x: MxArray) => mx.zerosLike(x) };
    const changed = (await model.run(pixels, { interventions: zeroed })).get("output");
    expect(maxDifference(changed.index(0), changed.index(1))).toBeLessThan(1e-6);
  });

  it("loads files in the names that published ones have", async () => {
    const tensors = mx.load(join(folder, "model.safetensors")) as Record<string, MxArray>;
    const newer = [
      ["attention.attention.query", "attention.q_proj"],
      ["attention.attention.key", "attention.k_proj"],
      ["attention.attention.value", "attention.v_proj"],
      ["attention.output.dense", "attention.o_proj"],
      ["intermediate.dense", "mlp.fc1"],
      ["output.dense", "mlp.fc2"],
      ["encoder.layer.", "layers."],
    ];
    const json = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ]) {
      const renamed = Object.entries(tensors).map(([name, tensor]) => {
        const spelled = newer.reduce((text, pair) => text.replace(pair[from], pair[to]), name);
        return [spelled, tensor] as const;
      });
      const copy = writeCheckpoint(json, Object.fromEntries(renamed));
      const model = await loadModel(copy, { as: ImageClassifier });
      expect(maxDifference((await model.run(pixels)).get("output"), logits)).toBeLessThan(1e-5);
    }
  });

  it("is saved as it was loaded", async () => {
    const saved = join(temporaryFolder(), "saved");
    await (await opened).save(saved);
    const again = await loadModel(saved, { as: ImageClassifier });
    expect(maxDifference((await again.run(pixels)).get("output"), logits)).toBeLessThan(1e-5);
  });

  it.each([
    [() => mx.zeros([1, 3, 12, 8])],
    [() => mx.zeros([3, 8, 12])],
    [() => mx.zeros([1, 3, 8, 12], mx.int32)],
    [() => "a cat"],
  ])("refuses what are no pixels of its shape: %#", async (input) => {
    const model = await opened;
    await expect(model.run(input() as never)).rejects.toMatchObject({
      code: expect.stringMatching(/^INVALID_(ARGUMENT|PROMPT)$|MISSING/),
    });
  });
});
