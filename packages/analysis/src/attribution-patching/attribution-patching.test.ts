/** Attribution patching: patches of ever smaller size, values in float64, and relevance that is neither made nor lost. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel } from "@mlxterp/models";
import { type Grid, valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { activationPatching } from "../activation-patching/activation-patching.js";
import { gpt2Like, llamaLike, sharedModel } from "../shared/test-support.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { attributionPatching } from "./attribution-patching.js";
import { relevanceRules } from "./relevance.js";

const clean = [5, 17, 2, 25, 9];
const corrupted = [5, 30, 2, 17, 9];
const question = { answer: 3, wrongAnswer: 8 };
const lead = (logits: MxArray) => mx.subtract(logits.index("...", 3), logits.index("...", 8));
const sites = { residual: "input", attention: "selfAttn", mlp: "mlp", head: "selfAttn.z" } as const;

function randomModel(given: typeof llamaLike | typeof gpt2Like): LanguageModel {
  const config = given as typeof llamaLike;
  const decoder = initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 });
  return new LanguageModel(decoder, { config });
}

describe.each([
  ["Llama", llamaLike],
  ["GPT-2", gpt2Like],
] as const)("a model like %s", (_, given) => {
  const model = randomModel(given);

  it.each(["denoising", "noising"] as const)("is the slope of a patch, %s", async (direction) => {
    const { grids, tables } = await attributionPatching(model, { clean, corrupted }, { ...question, direction }); // biome-ignore format: one call
    const [{ clean: high, corrupted: low }] = tables.baselines.rows;
    const scale = direction === "denoising" ? high - low : low - high;
    const [from, into] = direction === "denoising" ? [clean, corrupted] : [corrupted, clean];
    const save = Object.values(sites).map((name) => `layers.1.${name}`);
    const source = await model.run([from], { save });
    const position = 3;
    for (const [kind, name] of Object.entries(sites)) {
      const site = `layers.1.${name}`;
      const step = 1e-2;
      const moved = async (share: number) => {
        const run = await model.run([into], {
          interventions: {
            [site]: (x) => {
              const whole = mx.multiply(mx.subtract(source.get(site), x), share);
              const here = mx.array(into.map((_id, at) => (at === position ? 1 : 0)));
              const mask = here.reshape(x.ndim === 4 ? [1, -1, 1, 1] : [1, -1, 1]);
              const heads = mx.array(Array.from({ length: x.shape[2] }, (_one, at) => (at === 1 ? 1 : 0))); // biome-ignore format: one line
              const only = x.ndim === 4 ? mx.multiply(mask, heads.reshape([1, 1, -1, 1])) : mask;
              return mx.add(x, mx.multiply(whole, only));
            },
          },
        });
        return Number(lead(run.last("output")).item());
      };
      const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
      const grid = grids[kind as keyof typeof sites] as Grid;
      const place: Record<string, number> = { layer: 1, position };
      if (kind === "head") place.head = 1;
      const score = valueAt(grid, place) * scale;
      expect(Math.abs(slope - score), kind).toBeLessThan(3e-3 * (1 + Math.abs(score)));
    }
  });

  it("changes no value by the rules of relevance", async () => {
    const plain = await model.run([clean], { save: "layers.*" });
    const held = await model.run([clean], {
      save: "layers.*",
      interventions: relevanceRules(model),
    });
    for (const [site, value] of plain.entries()) {
      const apart = mx.max(mx.abs(mx.subtract(value, held.get(site))));
      expect(Number(apart.item()), site).toBeLessThan(1e-5);
    }
  });

  it("sums positions to what they are by themselves, over pairs of different length too", async () => {
    const longer = { clean: [1, 2, 3, 4, 5, 6], corrupted: [1, 9, 3, 4, 5, 6] };
    const each = await attributionPatching(model, { clean, corrupted }, question);
    const all = { ...question, positions: "all" } as const;
    const both = await attributionPatching(
      model,
      { clean: [clean, longer.clean], corrupted: [corrupted, longer.corrupted] },
      all,
    );
    const { values } = each.grids.mlpByPair!;
    const length = clean.length;
    for (let layer = 0; layer < 3; layer++) {
      const sum = Array.from(values.subarray(layer * length, (layer + 1) * length)).reduce((a, b) => a + b); // biome-ignore format: one line
      expect(valueAt(both.grids.mlpByPair!, { pair: 0, layer, position: "all" })).toBeCloseTo(
        sum,
        4,
      );
    }
    const wrong = attributionPatching(
      model,
      { clean: [clean, longer.clean], corrupted: [corrupted, longer.corrupted] },
      question,
    );
    await expect(wrong).rejects.toMatchObject({ code: "UNEQUAL_LENGTH" });
  });
});

it("keeps relevance: without biases every layer's values times their relevance are the metric", async () => {
  const model = randomModel(llamaLike);
  const { value, gradients, values } = await model.gradients(
    [clean],
    (output) => mx.sum(lead(output.index(mx.Slice(), -1))),
    { save: "layers.*.input", values: true, interventions: relevanceRules(model) },
  );
  for (const [site, gradient] of gradients.entries()) {
    const [sum] = toFlat(mx.sum(mx.multiply(gradient, values.get(site))).reshape([1]));
    expect(Math.abs(sum - value), site).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
  }
});

describe.each(["gpt2", "llama", "sort-gpt2"])("against the reference on %s", (name) => {
  it.skipIf(!hasMethodCase("edge-attribution", name))(
    "at every layer, position and head",
    async () => {
      const reference = openMethodCase("edge-attribution", name);
      const model = await modelOfCase("edge-attribution", name);
      const keys = { residual: "resid_pre", attention: "attn_out", mlp: "mlp_out", head: "z" } as const; // biome-ignore format: one line
      let compared = 0;
      for (const [direction, short] of [
        ["noising", "noise"],
        ["denoising", "denoise"],
      ] as const) {
        // biome-ignore format: a list
        const { grids } = await attributionPatching(model, reference.pairs, { ...reference.question, direction }); // biome-ignore format: one call
        for (const [kind, key] of Object.entries(keys)) {
          if (!reference.has(`node.${short}.${key}`)) continue;
          const expected = reference.numbers(`node.${short}.${key}`);
          const grid = grids[`${kind}ByPair` as "headByPair"]!;
          const { layer, head, position, pair } = grid.labels;
          const size = grid.values.length / pair.length;
          const heads = head?.length ?? 1;
          expected.forEach((value, at) => {
            const [row, place, one] = [Math.floor(at / (position.length * heads)), Math.floor(at / heads) % position.length, at % heads]; // biome-ignore format: one place
            const index = (row * heads + one) * position.length + place;
            const mean = pair.reduce((sum: number, _pair, number) => sum + grid.values[number * size + index], 0) / pair.length; // biome-ignore format: one mean
            expect(Math.abs(mean - value), `${short} ${key} ${at}`).toBeLessThan(2e-5 * Math.max(1, Math.abs(value))); // biome-ignore format: one bound
          });
          expect(expected.length).toBe(layer.length * position.length * heads);
          compared++;
        }
      }
      expect(compared).toBeGreaterThan(0);
    },
  );
});

const stories15M = sharedModel("stories15M");

it.skipIf(!stories15M.available)("ranks stories15M's parts as patching ranks them", async () => {
  const model = await loadModel(stories15M.folder);
  const pair = {
    clean: "Tom and Sue went to the park. Sue gave a ball to",
    corrupted: "Sue and Tom went to the park. Tom gave a ball to",
  };
  const asked = { answer: " Tom", wrongAnswer: " Sue", kinds: ["attention", "mlp"] as const };
  const patched = await activationPatching(model, pair, asked);
  const estimated = await attributionPatching(model, pair, asked);
  for (const kind of asked.kinds) {
    const rho = rankCorrelation(estimated.grids[kind]!.values, patched.grids[kind]!.values);
    expect(rho, kind).toBeGreaterThan(0.9);
  }
});

/** Spearman's, without ties. */
function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const ranks = (x: ArrayLike<number>) => {
    const order = Array.from(x, (value, at) => ({ value, at })).sort((p, q) => p.value - q.value);
    const rank = new Array<number>(order.length);
    order.forEach(({ at }, place) => {
      rank[at] = place;
    });
    return rank;
  };
  const [first, second] = [ranks(a), ranks(b)];
  const n = first.length;
  const squares = first.reduce((sum, rank, at) => sum + (rank - second[at]) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}
