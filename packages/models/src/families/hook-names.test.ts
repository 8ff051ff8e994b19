/** TransformerLens names: each holds its tensor, and a change of it has its effect, by a forward of our own in float64. */
import { UnknownSiteError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../index.js";
import { type Hook, lensForward, type Nested } from "../test-support/lens-forward.js";
import { maxDifference } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const ids = [3, 14, 1, 5, 9, 2];

/** Its (position, head, width) is (head, position, width) here. */
const byHead = /hook_(rot_)?[qkv]$/;

/** (1, …) in our order of axes; what is masked is not compared. */
function ours(name: string, tensor: Nested): MxArray {
  const finite = (value: number | Nested): unknown =>
    typeof value === "number" ? Math.max(value, -1e30) : value.map(finite);
  const array = mx.expandDims(mx.array(finite(tensor) as number[]), 0);
  return byHead.test(name) ? array.transpose(0, 2, 1, 3) : array;
}

const visible = (x: MxArray) => mx.where(mx.less(x, -1e8), mx.array(0), x);

const relative = (got: MxArray, wanted: MxArray) =>
  maxDifference(got, wanted) / Math.max(1, Number(mx.max(mx.abs(wanted)).item()));

/** A change that no symmetry hides: every number in another way. */
function change<T extends Nested>(tensor: T): T {
  let count = 0;
  const changed = (value: number | Nested): number | Nested =>
    typeof value === "number" ? value * 0.9 + 0.2 * Math.sin(1.3 * count++) : value.map(changed);
  return changed(tensor) as T;
}

const families = [
  "gpt2/scaled",
  "gpt_neox/sequential",
  "llama/biases",
  "gemma2/windows",
  "qwen3/biases",
] as const;

describe.each(families)("the names in %s", (family) => {
  const folder = referenceFolder(family);
  const everything = new Map<string, Nested>();
  const keep: Hook = (name, tensor) => {
    everything.set(name, tensor);
    return tensor;
  };

  it("hold the tensors that TransformerLens has there", async () => {
    const model = await loadModel(folder);
    const logits = lensForward(model, ids, keep);
    const names = [...everything.keys()];
    const cache = await model.run([ids], { save: [...names, "output"] });
    expect(maxDifference(cache.get("output"), ours("output", logits))).toBeLessThan(1e-5);
    for (const name of names) {
      const [got, wanted] = [cache.get(name), ours(name, everything.get(name)!)].map(visible);
      expect(relative(got, wanted), name).toBeLessThan(1e-5);
    }
    expect(names.length).toBeGreaterThan(45);
  });

  it("have the effect that they have in TransformerLens when they are changed", async () => {
    const model = await loadModel(folder);
    lensForward(model, ids, keep);
    for (const name of everything.keys()) {
      let put: Nested | undefined;
      const hook: Hook = (at, tensor) => {
        if (at !== name) return tensor;
        const changed = change(tensor);
        put = changed;
        return changed;
      };
      const wanted = lensForward(model, ids, hook);
      const value = ours(name, put!);
      const cache = await model.run([ids], {
        save: "output",
        interventions: {
          [name as string]: (x: MxArray) => mx.where(mx.less(value, -1e20), x, value),
        },
      });
      const target = ours("output", wanted);
      expect(relative(cache.get("output"), target), name).toBeLessThan(1e-4);
    }
  });
});

describe("names that mean no tensor here", () => {
  it.each([
    ["gptj/full", "blocks.0.hook_mlp_in"], // the MLP shares attention's norm
    ["llama/biases", "blocks.0.hook_attn_in"], // heads share keys: hook_q_input and the like are there
    ["deepseek_v3/direct", "blocks.0.hook_q_input"],
    ["llama/biases", "blocks.0.attn.hook_attn_input"],
  ])("are refused: %s, %s", async (family, name) => {
    const model = await loadModel(referenceFolder(family));
    await expect(model.run([ids], { save: name })).rejects.toThrow(UnknownSiteError);
  });
});

describe("hook_normalized", () => {
  it("was the norm's output; it is what lies before weight and bias", async () => {
    const model = await loadModel(referenceFolder("llama/biases"));
    const save = ["blocks.1.hook_resid_pre", "blocks.1.ln1.hook_normalized", "layers.1.inputNorm"];
    const cache = await model.run([ids], { save });
    const [x, normalized, output] = save.map((site) => cache.get(site));
    const power = mx.mean(mx.square(x), -1, true);
    const wanted = mx.multiply(x, mx.rsqrt(mx.add(power, 1e-6)));
    expect(maxDifference(normalized, wanted)).toBeLessThan(1e-5);
    expect(maxDifference(normalized, output)).toBeGreaterThan(0.1);
  });
});

describe("a cache", () => {
  it("gave normalised queries as hook_q where only those were saved; they have no name there", async () => {
    const model = await loadModel(referenceFolder("qwen3/biases"));
    const cache = await model.run([ids], { save: ["layers.0.selfAttn.q", "layers.0.mlp"] });
    expect(cache.has("blocks.0.attn.hook_q" as string)).toBe(false);
    expect(cache.has("blocks.-1.hook_mlp_out")).toBe(false);
    expect(maxDifference(cache.get("blocks.0.hook_mlp_out"), cache.get("layers.0.mlp"))).toBe(0);
  });
});

describe("a site", () => {
  it("says what it holds and what TransformerLens calls it", async () => {
    const model = await loadModel(referenceFolder("qwen3/biases"));
    const [before, after, layer] = ["qRaw", "q"]
      .map((site) => `layers.1.selfAttn.${site}` as string)
      .concat("layers.1.input")
      .map((site) => model.sites(site)[0]);
    expect(before).toMatchObject({ otherNames: ["blocks.1.attn.hook_q"] });
    expect(after).toMatchObject({
      otherNames: [],
      holds: expect.stringMatching(/^Queries by head/),
    });
    expect(layer).toMatchObject({
      otherNames: ["blocks.1.hook_resid_pre"],
      holds: "The residual stream before the layer.",
    });
  });
});
