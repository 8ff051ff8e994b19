/** What TransformerLens names of norms hold, by its definition: `(x − mean) / scale`, before weight and bias. */

import { UnknownSiteError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../index.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const save = [
  "blocks.1.hook_resid_pre",
  "blocks.1.ln1.hook_scale",
  "blocks.1.ln1.hook_normalized",
] as const;

describe.each([
  ["gpt_neox/sequential", "layer"],
  ["llama/biases", "rms"],
  ["gemma2/windows", "rms"],
])("the norms of %s", (name, kind) => {
  const folder = referenceFolder(name);
  const prompt = rows(readActivations(folder).input_ids);
  const divided = (x: MxArray, scale: MxArray) =>
    mx.divide(kind === "layer" ? mx.subtract(x, mx.mean(x, -1, true)) : x, scale);

  it("are theirs once the model is folded", async () => {
    const model = await (await loadModel(folder)).folded();
    const cache = await model.run(prompt, { save });
    const [x, scale, normalized] = save.map((site) => cache.get(site));
    expect(maxDifference(normalized, divided(x, scale))).toBeLessThan(1e-5);
  });

  it("have weight and bias in them before", async () => {
    const model = await loadModel(folder);
    const cache = await model.run(prompt, { save });
    const [x, scale, normalized] = save.map((site) => cache.get(site));
    const { weight, bias, unitOffset } = model.module.layers[1].inputNorm!;
    const factor = unitOffset ? mx.add(weight!, 1) : weight!;
    const weighted = mx.multiply(divided(x, scale), factor);
    const expected = bias ? mx.add(weighted, bias) : weighted;
    expect(maxDifference(normalized, expected)).toBeLessThan(1e-5);
    expect(maxDifference(normalized, divided(x, scale))).toBeGreaterThan(0.1);
  });
});

describe("post-norms", () => {
  const folder = referenceFolder("gemma2/windows");
  const prompt = rows(readActivations(folder).input_ids);

  it("have the scales they have in TransformerLens", async () => {
    const model = await loadModel(folder);
    const parts = [
      ["blocks.1.ln1_post.hook_scale", "layers.1.selfAttn.oProj"],
      ["blocks.1.ln2_post.hook_scale", "layers.1.mlp.downProj"],
    ] as const;
    const cache = await model.run(prompt, { save: parts.flat() });
    for (const [hook, input] of parts) {
      const power = mx.mean(mx.square(cache.get(input)), -1, true);
      expect(maxDifference(cache.get(hook), mx.sqrt(mx.add(power, 1e-6))), hook).toBeLessThan(1e-5);
    }
  });

  it("have no site before their weights, so that name is refused", async () => {
    const model = await loadModel(folder);
    const hook = "blocks.1.ln1_post.hook_normalized" as string;
    await expect(model.run(prompt, { save: hook })).rejects.toThrow(UnknownSiteError);
  });
});
