/** Mixtures whose experts are close calls: differences must not step from one expert to another. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel, setParameters } from "../index.js";
import { referenceFolder } from "../test-support/reference-folders.js";
import { verifyModel } from "./verify-model.js";

const ids = [3, 9, 27, 17, 5, 11, 30, 2];
const position = 4;

/** A mixture in which, at one token of the first layer, the best expert that is not chosen comes close to being it. */
async function closeCall(name: string) {
  const model = await loadModel(referenceFolder(`${name}/base`));
  const x = (await model.run([ids], { save: "layers.0.mlp.input" }))
    .get("layers.0.mlp.input")
    .index(0, position); // (hidden)
  const { router } = model.module.layers[0].mlp as unknown as { router: { weight: MxArray } };
  const logits = mx.matmul(router.weight, x).tolist() as number[];
  const { topK } = model.config.layers[0].mlp.experts as { topK: number };
  const order = logits.map((_, expert) => expert).sort((a, b) => logits[b] - logits[a]);
  const [last, next] = [order[topK - 1], order[topK]];
  const raise = (logits[last] - logits[next] - 2e-5) / Number(mx.sum(mx.square(x)).item());
  const rows = logits.map((_, expert) => (expert === next ? raise : 0));
  const added = mx.multiply(mx.array(rows).reshape([-1, 1]), x);
  setParameters(model.module, [["layers.0.mlp.router.weight", mx.add(router.weight, added)]]);
  return model;
}

describe.each(["mixtral", "phimoe", "granitemoeshared"])(
  "%s with a close call of experts",
  (name) => {
    const opened = closeCall(name);

    it("changes the choice of an expert within the steps of differences", async () => {
      const model = await opened;
      const site = "layers.0.mlp.expertIndices";
      const shift = (step: number, key: number) => (x: MxArray) => {
        const random = mx.random.normal(x.shape, mx.float32, 0, 1, mx.random.key(key));
        const size = mx.sqrt(mx.divide(mx.sum(mx.square(x)), mx.sum(mx.square(random))));
        return mx.add(x, mx.multiply(mx.multiply(random, size), step));
      };
      const chosen = new Set<string>();
      for (const key of [1, 2, 3, 4]) {
        for (const step of [2e-3, -2e-3]) {
          const interventions = { "layers.0.input": shift(step, key) };
          const cache = await model.run([ids], { save: site, interventions });
          chosen.add(String(mx.sort(cache.get(site).index(0, position), -1).tolist()));
        }
      }
      expect(chosen.size).toBe(2);
    });

    it("passes verification all the same: gradients are of the experts that were chosen", async () => {
      const { invariants } = await verifyModel(await opened, { prompt: [ids] });
      const ofGradients = invariants.filter(({ name }) => /gradient|attribution/.test(name));
      expect(ofGradients.map(({ passed }) => passed)).toEqual([true, true]);
    });
  },
);
