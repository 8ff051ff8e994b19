/** Attribution patching: patches of ever smaller size, values in float64, and relevance that is neither made nor lost. */
import { fileURLToPath } from "node:url";
import { stopGradient } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel, RecurrentModel } from "@mlxterp/models"; // biome-ignore format: one import
import { type Grid, valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { activationPatching } from "../activation-patching/activation-patching.js";
import { backwardRules } from "../backward-rules/rule-sets.js";
import { rankCorrelation } from "../circuits/measures.js";
import { gpt2Like, llamaLike, sharedModel } from "../shared/test-support.js";
import { builtInTask } from "../tasks/open-task.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { attributionPatching } from "./attribution-patching.js";
import { alongTheWay } from "./way.js";

const clean = [5, 17, 2, 25, 9];
const corrupted = [5, 30, 2, 17, 9];
const question = { answer: 3, wrongAnswer: 8 };
const lead = (logits: MxArray) => mx.subtract(logits.index("...", 3), logits.index("...", 8));
const sites = { residual: "input", attention: "selfAttn", mlp: "mlp", head: "selfAttn.z" } as const;

function correlation(a: readonly number[], b: readonly number[]): number {
  const centred = (x: readonly number[]) => {
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    return x.map((value) => value - mean);
  };
  const [x, y] = [centred(a), centred(b)];
  const product = (p: number[], q: number[]) =>
    p.reduce((sum, value, at) => sum + value * q[at], 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

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
    const { grids, tables } = await attributionPatching(model, { clean, corrupted }, { ...question, direction, steps: 1 }); // biome-ignore format: one call
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
      interventions: backwardRules(model, "relp"),
    });
    for (const [site, value] of plain.entries()) {
      const apart = mx.max(mx.abs(mx.subtract(value, held.get(site))));
      expect(Number(apart.item()), site).toBeLessThan(1e-5);
    }
  });

  it("sums positions to what they are by themselves at one point, over pairs of different length too", async () => {
    const longer = { clean: [1, 2, 3, 4, 5, 6], corrupted: [1, 9, 3, 4, 5, 6] };
    const each = await attributionPatching(model, { clean, corrupted }, { ...question, steps: 1 });
    const all = { ...question, positions: "all", steps: 1 } as const;
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

it.each(sweep(["mamba", "recurrent_gemma"], 1))(
  "scores what mixers of %s add as the slope of a patch",
  async (name) => {
    const folder = fileURLToPath(
      new URL(`../../../models/references/${name}/base`, import.meta.url),
    );
    const model = await loadModel(folder, { as: RecurrentModel });
    const { grids, tables } = await attributionPatching(model, { clean, corrupted }, { ...question, kinds: "mixer", steps: 1 }); // biome-ignore format: one call
    const [{ clean: high, corrupted: low }] = tables.baselines.rows;
    const [layer, position, step] = [0, 3, 1e-2];
    const site = `layers.${layer}.mixer`;
    const source = (await model.run([clean], { save: site })).get(site);
    const moved = async (share: number) => {
      const here = mx.array(clean.map((_id, at) => (at === position ? share : 0))).reshape([1, -1, 1]); // biome-ignore format: one line
      const interventions = { [site]: (x: MxArray) => mx.add(x, mx.multiply(mx.subtract(source, x), here)) }; // biome-ignore format: one line
      return Number(lead((await model.run([corrupted], { interventions })).last("output")).item());
    };
    const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
    const score = valueAt(grids.mixer!, { layer, position }) * (high - low);
    expect(Math.abs(slope - score)).toBeLessThan(3e-3 * (1 + Math.abs(score)));
  },
);

it("keeps relevance: without biases every layer's values times their relevance are the metric", async () => {
  const model = randomModel(llamaLike);
  const { value, gradients, values } = await model.gradients(
    [clean],
    (output) => mx.sum(lead(output.index(mx.Slice(), -1))),
    { save: "layers.*.input", values: true, interventions: backwardRules(model, "relp") },
  );
  for (const [site, gradient] of gradients.entries()) {
    const [sum] = toFlat(mx.sum(mx.multiply(gradient, values.get(site))).reshape([1]));
    expect(Math.abs(sum - value), site).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
  }
});

describe.each(sweep(["gpt2", "llama", "sort-gpt2", "stories15M"], 2))(
  "against the reference on %s",
  (name) => {
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
          const { grids } = await attributionPatching(model, reference.pairs, { ...reference.question, direction, steps: 1 }); // biome-ignore format: one call
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
  },
);

const stories15M = sharedModel("stories15M");

it.skipIf(!stories15M.available)(
  "ranks each place of one of its pairs as patching does",
  async () => {
    const model = await loadModel(stories15M.folder);
    const pair = {
      clean: "Tom and Sue went to the park. Sue gave a ball to",
      corrupted: "Sue and Tom went to the park. Tom gave a ball to",
    };
    const asked = { answer: " Tom", wrongAnswer: " Sue", kinds: ["attention", "mlp"] as const };
    const patched = await activationPatching(model, pair, asked);
    const near = await attributionPatching(model, pair, { ...asked, steps: 1 });
    const along = await attributionPatching(model, pair, asked);
    for (const kind of asked.kinds) {
      const [ranked, sized, found] = [near, along, patched].map(({ grids }) => [...grids[kind]!.values]); // biome-ignore format: one line
      expect(rankCorrelation(ranked, found), kind).toBeGreaterThan(0.9); // most places do little, where slopes are right
      expect(correlation(sized, found), kind).toBeGreaterThan(0.9); // the few that do much
    }
  },
);

it.skipIf(!stories15M.available)("ranks stories15M's parts as patching ranks them", async () => {
  const model = await loadModel(stories15M.folder);
  const { pairs, question: asked } = builtInTask(model, "ioi", { size: 2, seed: 0 });
  const parts = {
    ...asked,
    kinds: ["attention", "mlp", "head"] as const,
    positions: "all" as const,
  };
  const flat = (grids: Readonly<Record<string, Grid | undefined>>) => parts.kinds.flatMap((kind) => [...grids[kind]!.values]); // biome-ignore format: one line
  const patched = flat((await activationPatching(model, pairs, parts)).grids);
  const agreement = async (rule: "gradient" | "relp" | "relp-qk") =>
    rankCorrelation(
      flat((await attributionPatching(model, pairs, { ...parts, rule, steps: 1 })).grids),
      patched,
    );
  const [plain, held, open] = [await agreement("gradient"), await agreement("relp"), await agreement("relp-qk")]; // biome-ignore format: one list
  expect(open).toBeGreaterThan(0.9);
  expect(open).toBeGreaterThan(Math.max(plain, held)); // what acts through queries and keys is what those two miss
});

/** What the shipped model does, and how a part's rank is made of slopes there: where it has decided, by gates, by copying, by facts. */
const seeds = sweep([1, 6, 14, 23, 0, 2, 3, 4], 2);

describe.each(sweep(["agreement", "induction", "ioi", "facts"], 2))("of the task %s", (name) => {
  it.each(seeds)("ranks parts as patching ranks them, seed %i", async (seed) => {
    const model = await loadModel("tiny");
    const { pairs, question: asked } = builtInTask(model, name as "ioi", { size: 6, seed });
    const kinds = ["attention", "mlp", "head"] as const;
    const parts = { ...asked, kinds, positions: "all" as const };
    const flat = (grids: Readonly<Record<string, Grid | undefined>>) => kinds.flatMap((kind) => [...grids[kind]!.values]); // biome-ignore format: one line
    const patched = flat((await activationPatching(model, pairs, parts)).grids);
    const estimated = flat((await attributionPatching(model, pairs, parts)).grids);
    expect(rankCorrelation(estimated, patched)).toBeGreaterThan(0.9);
    expect(correlation(estimated, patched)).toBeGreaterThan(0.92);
  });
});

it("finds what a run that has decided has no slope for", async () => {
  const model = await loadModel("tiny");
  const { pairs, question: asked } = builtInTask(model, "agreement", { size: 2, seed: 1 });
  const parts = { ...asked, kinds: ["attention", "head"] as const, positions: "all" as const };
  const { grids } = await activationPatching(model, pairs, parts);
  const [{ values }] = [grids.attention!];
  expect(values[0]).toBeGreaterThan(0.9); // the first layer's attention gives almost all of it back
  const estimate = async (options: object) =>
    (await attributionPatching(model, pairs, { ...parts, ...options })).grids.attention!.values[0];
  expect(await estimate({ steps: 1 })).toBeLessThan(0.1);
  expect(await estimate({})).toBeGreaterThan(0.5);
});

describe("slopes on the way between two runs", () => {
  const options = { ...question, direction: "denoising" } as const;

  it("add up to all that lies between them", async () => {
    const model = randomModel(llamaLike);
    const whole = { ...options, kinds: "residual", positions: "all", steps: 100 } as const;
    const { grids } = await attributionPatching(model, { clean, corrupted }, whole);
    expect(Math.abs(grids.residual!.values[0] - 1)).toBeLessThan(0.01); // the embeddings of all positions, a sum of 100 parts
  });

  it("count as far as a part takes the run: from the beginning alone to the whole way", () => {
    const points = [
      [1, 0, -6],
      [3, 0, 0],
      [5, 0, 0],
    ].map((row) => Float64Array.from(row));
    const [first, none, third] = alongTheWay(points, 1e9);
    expect([first, none, third].map((one) => Math.fround(one))).toEqual([1, 0, -6]); // of nothing: slopes at the beginning
    const whole = (1 + 3) / 2 + (3 + 5) / 2 + 5; // a line through the points, which stays after the last
    expect(alongTheWay(points, 9)[0]).toBeCloseTo(whole / 3, 12); // it does a third, so all of the way
    expect(alongTheWay(points, -18)[0]).toBeCloseTo(((1 + 3) / 2 + (3 + 4) / 4) / 1.5, 12); // a sixth, so half
    expect(alongTheWay(points.slice(0, 1), 18)[0]).toBe(1);
  });

  it("are not mixed with corrections of slopes at one point", async () => {
    const mixed = { ...options, steps: 2, gradDrop: true };
    const wrong = attributionPatching(randomModel(llamaLike), { clean, corrupted }, mixed);
    await expect(wrong).rejects.toThrow("slopes at one point");
  });
});

describe.each([
  ["Llama", llamaLike],
  ["GPT-2", gpt2Like],
] as const)("the corrections of AtP* in a model like %s", (_, given) => {
  const model = randomModel(given);
  const into = corrupted;
  const metric = (output: MxArray) => mx.sum(lead(output.index(mx.Slice(), -1)));
  const noising = { ...question, direction: "denoising" as const };

  it("runs the softmax of each query and key by itself, as patching one at a time does", async () => {
    const kinds = ["query", "key"] as const;
    const { grids } = await attributionPatching(model, { clean, corrupted }, { ...noising, kinds, qkFix: true }); // biome-ignore format: one call
    for (const [kind, letter] of [
      ["query", "q"],
      ["key", "k"],
    ] as const) {
      // biome-ignore format: two kinds
      const [site, weights] = [`layers.1.selfAttn.${letter}`, "layers.1.selfAttn.pattern"];
      const { gradients, values } = await model.gradients([into], metric, { save: weights, values: true }); // biome-ignore format: one call
      const source = await model.run([clean], { save: site });
      const grid = grids[`${kind}ByPair`]!;
      const count = source.get(site).shape[1];
      for (let head = 0; head < count; head++) {
        for (let position = 0; position < into.length; position++) {
          const patched = await model.run([into], {
            save: weights,
            interventions: { [site]: (x) => oneRow(x, source.get(site), head, position) },
          });
          const change = mx.subtract(patched.get(weights), values.get(weights));
          const expected = Number(mx.sum(mx.multiply(change, gradients.get(weights))).item());
          const found = valueAt(grid, { pair: 0, layer: 1, head, position });
          expect(Math.abs(found - expected), `${kind} ${head} ${position}`).toBeLessThan(2e-5);
        }
      }
    }
  });

  it("averages sizes over passes that each leave out what one layer writes", async () => {
    const kinds = ["mlp", "head"] as const;
    const { grids } = await attributionPatching(model, { clean, corrupted }, { ...noising, kinds, gradDrop: true }); // biome-ignore format: one call
    const plain = await attributionPatching(
      model,
      { clean, corrupted },
      { ...noising, kinds, steps: 1 },
    );
    const layers = 3;
    const site = "layers.0.mlp";
    const source = await model.run([clean], { save: site });
    const sums = into.map(() => 0);
    for (let layer = 1; layer < layers; layer++) {
      const stops = {
        [`layers.${layer}.selfAttn`]: stopGradient,
        [`layers.${layer}.mlp`]: stopGradient,
      };
      const { gradients, values } = await model.gradients([into], metric, { save: site, values: true, gradInterventions: stops }); // biome-ignore format: one call
      const product = mx.multiply(
        mx.subtract(source.get(site), values.get(site)),
        gradients.get(site),
      );
      toFlat(mx.sum(product, -1)).forEach((value, position) => {
        sums[position] += Math.abs(Number(value)) / (layers - 1);
      });
    }
    sums.forEach((sum, position) => {
      const place = { pair: 0, layer: 0, position };
      expect(Math.abs(valueAt(grids.mlpByPair!, place))).toBeCloseTo(sum, 4);
      expect(Math.sign(valueAt(grids.mlpByPair!, place))).toBe(Math.sign(valueAt(plain.grids.mlpByPair!, place))); // biome-ignore format: one line
    });
  });

  it("refuses the softmax's correction where nothing would be corrected", async () => {
    const ask = (options: object) => attributionPatching(model, { clean, corrupted }, { ...noising, qkFix: true, ...options }); // biome-ignore format: one call
    await expect(ask({ kinds: "mlp" })).rejects.toThrow("queries and keys");
    await expect(ask({ kinds: "query", rule: "relp" })).rejects.toThrow('rule is "relp"');
  });
});

/** One position of one head from another run; (batch, heads, position, headDim). */
function oneRow(x: MxArray, other: MxArray, head: number, position: number): MxArray {
  const [, heads, length] = x.shape;
  const flags = Array.from({ length: heads * length }, (_, at) => (at === head * length + position ? 1 : 0)); // biome-ignore format: one line
  return mx.where(mx.equal(mx.array(flags).reshape([1, heads, length, 1]), 1), other, x);
}
