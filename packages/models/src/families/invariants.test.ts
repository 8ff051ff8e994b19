/** Every family's anatomy describes its forward pass, and every invariant of verification holds for it. */
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../index.js";
import { maxDifference, readActivations } from "../test-support/reference.js";
import { sweptFolders } from "../test-support/reference-folders.js";
import { verifyModel } from "../verify/verify-model.js";

const checkpoints = sweptFolders();

describe.each(checkpoints)("$name", ({ folder }) => {
  const opened = loadModel(folder);

  it("embeds, normalises and unembeds by its anatomy, with every scale and cap", async () => {
    const { anatomy } = await opened;
    const { input_ids: ids, ...activations } = readActivations(folder);
    const logits = anatomy.unembed(anatomy.finalNorm(activations.last_layer));
    expect(maxDifference(anatomy.embed(ids), activations["hidden.0"])).toBeLessThan(1e-5);
    expect(maxDifference(logits, activations.logits)).toBeLessThan(1e-4);
  });

  it("has the weights of its layers by head", async () => {
    const model = await opened;
    const { hidden, layers } = model.anatomy;
    for (const [index, { selfAttn }] of model.module.layers.entries()) {
      if (selfAttn.qDownProj) continue; // latent attention has no single matrix from the residual stream
      if (selfAttn.keysOf !== undefined) continue; // nor has one that reads an earlier layer's keys
      const { heads, kvHeads, headDim } = selfAttn;
      const { W_Q, W_K, W_V, W_O } = model.anatomy.weights(index);
      expect(W_Q.shape).toEqual([heads, hidden, headDim]);
      expect([W_K.shape, W_V.shape]).toEqual([
        [kvHeads, hidden, headDim],
        [kvHeads, hidden, headDim],
      ]);
      expect(W_O.shape).toEqual([heads, headDim, hidden]);
      const x = mx.random.normal([3, hidden], mx.float32, 0, 1, mx.random.key(1));
      const bias = selfAttn.kProj.bias ?? mx.zeros([kvHeads * headDim]);
      const joined = mx.add(mx.matmul(x, W_K).transpose(1, 0, 2).reshape([3, -1]), bias);
      expect(maxDifference(joined, selfAttn.kProj.forward(x))).toBeLessThan(1e-4);
    }
    expect(layers).toBe(model.config.layers.length);
  });

  it("passes every invariant", async () => {
    const { invariants } = await verifyModel(await opened);
    expect(invariants.filter(({ passed }) => !passed)).toEqual([]);
  });
});
