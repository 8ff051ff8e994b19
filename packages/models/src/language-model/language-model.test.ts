/** The anatomy of a language model against its own forward. */
import { OutOfRangeError } from "@mlxterp/core";
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { smallConfig } from "../test-support/checkpoints.js";
import { smallModel } from "../test-support/models.js";
import { maxDifference } from "../test-support/reference.js";

const prompt = [[3, 1, 4, 1, 5]];

for (const style of ["llama", "gpt2"] as const) {
  describe(`the anatomy of a ${style} model`, () => {
    const config = smallConfig(style);
    const model = smallModel(config);
    const { anatomy } = model;

    it("has the config's sizes", () => {
      const { heads, kvHeads, headDim } = config.layers[0].attention;
      const sizes = { layers: 2, heads, kvHeads, headDim, hidden: 32, vocab: 19, maxPositions: 24 };
      for (const [part, size] of Object.entries(sizes)) {
        expect(anatomy[part as keyof typeof sizes], part).toBe(size);
      }
    });

    it("embeds, normalises and unembeds as the forward does", async () => {
      const cache = await model.run(prompt, { save: ["layers.0.input", "layers.1", "output"] });
      const embedded = anatomy.embed(mx.array(prompt, mx.int32));
      expect(maxDifference(embedded, cache.get("layers.0.input"))).toBe(0);
      const logits = anatomy.unembed(anatomy.finalNorm(cache.get("layers.1")));
      expect(maxDifference(logits, cache.get("output"))).toBe(0);
    });

    it("orients weights so that activations multiply from the left", async () => {
      const attention = "layers.1.selfAttn";
      const sites = ["layers.1.inputNorm", `${attention}.q`, `${attention}.k`, `${attention}.z`];
      const more = [`${attention}.result`, "layers.1.mlp.post", "layers.1.mlp"];
      const cache = await model.run(prompt, { save: [...sites, ...more] });
      const weights = anatomy.weights(-1);
      const { qProj, kProj } = model.module.layers[1].selfAttn;
      const x = mx.expandDims(cache.get(sites[0]), 1); // (batch, 1, position, hidden)
      for (const [W, linear, site] of [
        [weights.W_Q, qProj, sites[1]],
        [weights.W_K, kProj, sites[2]],
      ] as const) {
        const perHead = mx.matmul(x, W); // (batch, heads, position, headDim)
        const bias = linear.bias?.reshape([W.shape[0], 1, 8]) ?? 0;
        expect(maxDifference(mx.add(perHead, bias), cache.get(site))).toBeLessThan(1e-4);
      }
      const z = cache.get(sites[3]).transpose(0, 2, 1, 3);
      const result = mx.matmul(z, weights.W_O).transpose(0, 2, 1, 3);
      expect(maxDifference(result, cache.get(more[0]))).toBeLessThan(1e-4);
      const write = mx.matmul(cache.get(more[1]), weights.W_out);
      const bias = model.module.layers[1].mlp.downProj.bias ?? 0;
      expect(maxDifference(mx.add(write, bias), cache.get(more[2]))).toBeLessThan(1e-4);
      expect(weights.W_in.shape).toEqual([32, 48]);
    });

    it("refuses layers it does not have", () => {
      expect(() => anatomy.weights(2)).toThrow(OutOfRangeError);
    });
  });
}

it("verifies itself", async () => {
  const { passed, tokens, invariants } = await smallModel().verify({ prompt: prompt[0] });
  expect([passed, tokens]).toEqual([true, prompt[0]]);
  expect(invariants.length).toBeGreaterThan(5);
});
