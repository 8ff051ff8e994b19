/** How a sweep computes: which rows each layer sees, what is never computed, and that patching nothing changes nothing. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { createMetric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import { largestDifference, llamaLike } from "../shared/test-support.js";
import type { Part } from "./parts.js";
import type { PatchedRun, Source } from "./runs.js";
import { runSweep } from "./sweep.js";
import { noWork } from "./work.js";

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

function run(part: Part, layer: number, position: number, unit?: number): PatchedRun {
  const units = unit === undefined ? null : [unit];
  return {
    base: 0,
    changes: [{ part, layer, positions: [position], units, source: 0, row: 0 }],
  };
}

/** Attention at each position of some layers. */
function patches(layers: readonly number[]): PatchedRun[] {
  return layers.flatMap((layer) => ids.map((_, position) => run("attention", layer, position)));
}

async function sweepOf(
  view: AnalysisModel,
  list: readonly PatchedRun[],
  maxRows: number,
  more: { source?: Partial<Source>; work?: ReturnType<typeof noWork> } = {},
) {
  const [base, other] = [await activations(ids), await activations([9, 9, 9, 9])];
  const [own] = toFlat(metric((await model.run([ids])).last("output")));
  const { source, ...rest } = more;
  const sources = [{ at: other, ...source }];
  return runSweep({ model: view, ids: [ids], base, scores: [own], sources, judge: () => metric, maxRows, ...rest }, list); // biome-ignore format: one call
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
    const work = noWork();
    await sweepOf(watched, patches([0, 1, 2, 3]), 8, { work });
    expect(rows).toEqual({
      "layers.0.mlp": [4, 1], // the second pass begins in layer 2: below it a single row stands for nothing
      "layers.1.mlp": [8, 1],
      "layers.2.mlp": [8, 4],
      "layers.3.mlp": [8, 5], // of the last layer only what is written at the last position is read
    });
    expect(work).toEqual({ asked: 16, made: 13, passes: 2, layers: 4 * 4 + 4 * 3 + 4 * 2 + 1, all: 64 }); // biome-ignore format: one object
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

  it("gives the same scores however the runs are ordered and folded", async () => {
    const list = patches([0, 1, 2, 3]);
    const expected = await sweepOf(model, list, 1);
    const order = list.map((_, index) => (index * 7) % list.length);
    const shuffled = await sweepOf(
      model,
      order.map((index) => list[index]),
      5,
    );
    const same = order.map((index) => expected[index]);
    expect(largestDifference(shuffled, same)).toBeLessThan(1e-5);
  });

  it("makes equal runs once, and none that nothing can come of", async () => {
    const twice = [...patches([1]), ...patches([1])];
    const work = noWork();
    const sameBefore = () => 2; // as if both prompts began alike
    const found = await sweepOf(model, twice, 100, { source: { sameBefore }, work });
    expect(work.made).toBe(2);
    expect(found.slice(0, 4)).toEqual(found.slice(4));
    const [own] = toFlat(metric((await model.run([ids])).last("output")));
    expect(found.slice(0, 2)).toEqual([own, own]);
    expect(found[2]).not.toBe(own);
  });

  it("leaves the run as it was when patches come from that run itself", async () => {
    const base = await activations(ids);
    const [own] = toFlat(metric((await model.run([ids])).last("output")));
    const all = (["residual", "attention", "mlp", "head"] as const).flatMap((kind) =>
      [0, 1, 2, 3].map((layer) => run(kind, layer, 2, kind === "head" ? 1 : undefined)),
    );
    const scores = await sweepOf(model, all, 6, { source: { at: base } });
    for (const score of scores) expect(score).toBeCloseTo(own, 5);
  });

  it("gives each row its own keys where later layers read those of earlier ones", async () => {
    const [own, other] = [layerWith(4), layerWith(2)];
    const reads = { ...other, attention: { ...other.attention, keysOf: 1 } };
    const shared = { ...config, layers: [own, other, own, reads] };
    const module = initializeWeights(new Decoder(shared), { seed: 2, deviation: 0.3 });
    const view = new LanguageModel(module, { config: shared });
    const texts = [ids, [9, 3, 11, 6]];
    const save = ["layers.*.input", "layers.*.selfAttn", "output"];
    const base = await view.run(texts, { save });
    const at = (site: string) => base.get(site);
    const scores = [...toFlat(metric(base.last("output")))];
    const list = [0, 1, 2, 3].flatMap((layer) =>
      [0, 1].map((row) => {
        const [change] = run("attention", layer, 2).changes;
        return { base: row, changes: [{ ...change, row: 1 - row }] };
      }),
    );
    const expected = [];
    for (const { base: row, changes } of list) {
      const [{ layer, row: from }] = changes;
      const site = `layers.${layer}.selfAttn`;
      const put = at(site).index(mx.Slice(from, from + 1));
      const chosen = mx.equal(mx.arange(0, 4), 2).reshape([1, 4, 1]);
      const interventions = { [site]: (x: MxArray) => mx.where(chosen, put, x) };
      const patched = await view.run([texts[row]], { interventions });
      expected.push(...toFlat(metric(patched.last("output"))));
    }
    for (const maxRows of [1, 3, 100]) {
      const asked = { model: view, ids: texts, base: at, scores, sources: [{ at }], maxRows };
      const found = await runSweep({ ...asked, judge: () => metric }, list);
      expect(largestDifference(found, expected), `${maxRows} rows`).toBeLessThan(1e-5);
    }
  });

  it("makes several changes of one run, and keeps what a later one says", async () => {
    const [first] = run("attention", 1, 2).changes;
    const two: PatchedRun = { base: 0, changes: [first, { ...first, part: "mlp", layer: 2 }] };
    const [found] = await sweepOf(model, [two], 3);
    const other = await activations([9, 9, 9, 9]);
    const at = (site: string) => (x: MxArray) => {
      const rows = [0, 1, 2, 3].map((position) => {
        const from = position === 2 ? other(site) : x;
        return from.index(mx.Slice(), mx.Slice(position, position + 1));
      });
      return mx.concatenate(rows, 1);
    };
    const interventions = {
      "layers.1.selfAttn": at("layers.1.selfAttn"),
      "layers.2.mlp": at("layers.2.mlp"),
    };
    const [expected] = toFlat(metric((await model.run([ids], { interventions })).last("output")));
    expect(found).toBeCloseTo(expected, 5);
  });
});
