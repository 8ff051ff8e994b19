/** Folded and centred models of every family compute what the model itself computes. */
import { join } from "node:path";
import type { ActivationCache } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { beforeAll, describe, expect, it } from "vitest";
import { readJsonFile } from "../checkpoint/files/json-file.js";
import { type LanguageModel, type LayerConfig, loadModel, UnsupportedFoldError } from "../index.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { sweptFolders } from "../test-support/reference-folders.js";
import { familyOf } from "./index.js";

const checkpoints = sweptFolders();
const normalizing = ["inputNorm", "postAttentionNorm", "finalNorm"];

/** Centring subtracts means, so it is only possible where all norms do. */
function subtractsMeans(folder: string): boolean {
  const file = join(folder, "config.json");
  const json = readJsonFile(file);
  const family = familyOf(json, file);
  return "describe" in family && family.describe(json, file).layers.every(hasLayerNorms);
}

const hasLayerNorms = ({ inputNorm, postAttentionNorm }: LayerConfig) =>
  (inputNorm ?? postAttentionNorm)?.kind === "layer";

describe.each(checkpoints)("$name, folded", ({ folder }) => {
  const save = [
    ...["layers.*.selfAttn.q", "layers.*.selfAttn.pattern", "layers.*.mlp", "layers.*"],
    "output",
  ];
  const prompt = rows(readActivations(folder).input_ids);
  let model: LanguageModel;
  let expected: ActivationCache;
  beforeAll(async () => {
    model = await loadModel(folder);
    expected = await model.run(prompt, { save });
  });

  it("has the same activations and logits, and norms that only normalise", async () => {
    const folded = await model.folded();
    const received = await folded.run(prompt, { save });
    for (const [site, value] of expected) {
      expect(maxDifference(received.get(site as string), value), site).toBeLessThan(1e-4);
    }
    for (const { site } of folded
      .sites()
      .filter(({ site }) => normalizing.includes(site.split(".").at(-1)!))) {
      const norm = site
        .split(".")
        .reduce((at, key) => Reflect.get(at, key), folded.module as object);
      const { weight, unitOffset, bias } = norm as {
        weight: MxArray | null;
        unitOffset: boolean;
        bias: unknown;
      };
      const one = weight && mx.full(weight.shape, unitOffset ? 0 : 1);
      if (weight && one) expect(maxDifference(weight, one), site).toBe(0); // few norms have none
      expect(bias, site).toBeNull();
    }
  });

  const centrable = subtractsMeans(folder);
  it(centrable ? "can be centred" : "refuses to be centred, as the mean is seen", async () => {
    if (!centrable) {
      await expect(model.folded({ centreWrites: true })).rejects.toThrow(UnsupportedFoldError);
      return;
    }
    const centred = await model.folded({ centreWrites: true });
    const writes = ["layers.*.selfAttn", "layers.*.mlp"];
    const streams = model.config.embeddingNorm ? [] : ["layers.*"];
    const received = await centred.run(prompt, { save: [...writes, ...streams, "output"] });
    expect(maxDifference(received.get("output"), expected.get("output"))).toBeLessThan(1e-4);
    for (const [site, value] of received) {
      if (site === "output") continue;
      const mean = mx.mean(value, -1);
      expect(maxDifference(mean, mx.zerosLike(mean)), site).toBeLessThan(1e-5);
    }
  });

  it("can have a centred unembedding, with the same probabilities", async () => {
    if (model.config.head.softCap !== undefined) {
      await expect(model.folded({ centreUnembedding: true })).rejects.toThrow(/capped/);
      return;
    }
    const centred = await model.folded({ centreUnembedding: true });
    const received = await centred.run(prompt);
    const logProbabilities = (logits: MxArray) =>
      mx.subtract(logits, mx.logsumexp(logits, -1, true));
    const logits = received.get("output");
    const mean = mx.mean(logits, -1);
    expect(maxDifference(mean, mx.zerosLike(mean))).toBeLessThan(1e-4);
    expect(
      maxDifference(logProbabilities(logits), logProbabilities(expected.get("output"))),
    ).toBeLessThan(1e-4);
  });
});
