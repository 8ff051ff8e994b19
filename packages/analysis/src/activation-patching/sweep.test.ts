/** How a sweep computes: which rows each layer sees, what is never computed, and that patching nothing changes nothing. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { createMetric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { largestDifference, llamaLike } from "../shared/test-support.js";
import { type Patch, patchesOf } from "./plan.js";
import { runSweep } from "./sweep.js";

const config = { ...llamaLike, layers: [4, 2, 4, 4].map((kvHeads) => layerWith(kvHeads)) };
const decoder = initializeWeights(new Decoder(config), { seed: 2, deviation: 0.3 });
const model = new LanguageModel(decoder, { config });
const ids = [5, 17, 2, 25];
const metric = createMetric("logitDifference", { answer: [3], wrongAnswer: [8] });

function layerWith(kvHeads: number) {
  const [layer] = llamaLike.layers;
  return { ...layer, attention: { ...layer.attention, kvHeads } };
}

async function activations(prompt: readonly number[]): Promise<(site: string) => MxArray> {
  const save = ["layers.*.input", "layers.*.selfAttn", "layers.*.mlp", "layers.*.selfAttn.z"];
  const cache = await model.run([prompt], { save });
  return (site) => cache.get(site);
}

function patches(layers: readonly number[]): Patch[] {
  const columns = ids.map((_, position) => ({ position, head: null }));
  return patchesOf({ kind: "attention", layers, columns });
}

async function sweepOf(view: AnalysisModel, list: readonly Patch[], maxRows: number) {
  const [base, source] = [await activations(ids), await activations([9, 9, 9, 9])];
  return runSweep({ model: view, ids, base, source, metric, maxRows }, list);
}

describe("runSweep", () => {
  it("lets rows join at their own layer and computes no layer before it", async () => {
    const rows: Record<string, number[]> = {};
    const watched = model.edit({
      "layers.*.mlp": (x, { site }) => {
        rows[site] = [...(rows[site] ?? []), x.shape[0]];
        return x;
      },
    });
    await sweepOf(watched, patches([0, 1, 2, 3]), 8);
    expect(rows).toEqual({
      "layers.0.mlp": [4, 1], // the second pass begins in layer 2: below it a single row stands for nothing
      "layers.1.mlp": [8, 1],
      "layers.2.mlp": [8, 4],
      "layers.3.mlp": [8, 8],
    });
  });

  it("never evaluates what lies below the first patched layer", async () => {
    let armed = false;
    const half = mx.ones([1, 1]).astype(mx.float16);
    const guarded = model.edit({
      // on the CPU, evaluating this product ends the process, and this test with it
      "layers.1": (x) => (armed ? mx.add(x, mx.matmul(half, half).astype(mx.float32)) : x),
    });
    const expected = await sweepOf(guarded, patches([2, 3]), 100);
    armed = true;
    expect(await sweepOf(guarded, patches([2, 3]), 100)).toEqual(expected);
  });

  it("gives the same scores however the patches are ordered and folded", async () => {
    const list = patches([0, 1, 2, 3]);
    const expected = await sweepOf(model, list, 1);
    const order = list.map((_, index) => (index * 7) % list.length);
    const shuffled = await sweepOf(
      model,
      order.map((index) => list[index]),
      5,
    );
    expect(
      largestDifference(
        shuffled,
        order.map((index) => expected[index]),
      ),
    ).toBeLessThan(1e-5);
  });

  it("leaves the run as it was when patches come from that run itself", async () => {
    const base = await activations(ids);
    const [own] = toFlat(metric((await model.run([ids])).last("output")));
    const all = (["residual", "attention", "mlp", "head"] as const).flatMap((kind) =>
      patchesOf({
        kind,
        layers: [0, 1, 2, 3],
        columns: [{ position: 2, head: kind === "head" ? 1 : null }],
      }),
    );
    const scores = await runSweep({ model, ids, base, source: base, metric, maxRows: 6 }, all);
    for (const score of scores) expect(score).toBeCloseTo(own, 5);
  });
});
