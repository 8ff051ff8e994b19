/** Logit, tuned and Jacobian lenses against what tuned-lens computed, against derivatives by differences, and against themselves. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mx, openTorchFile, toFlat } from "@mlxterp/mlx";
import {
  Decoder,
  EncoderDecoderModel,
  ImageTextModel,
  initializeWeights,
  LanguageModel,
  loadModel,
  MaskedLanguageModel,
  RecurrentModel,
  StreamsModel,
} from "@mlxterp/models";
import { afterAll, describe, expect, it } from "vitest";
import { readDirection } from "../direction-reading/direction-reading.js";
import { jacobianLens } from "../jacobian-lens/jacobian-lens.js";
import { loadLens, saveLens } from "../lens-translators/lens-files.js";
import type { LensTranslators } from "../lens-translators/lens-translators.js";
import { mean } from "../shared/lists.js";
import { gpt2Like, largestDifference, llamaLike } from "../shared/test-support.js";
import {
  hasMethodCase,
  methodCaseFile,
  modelOfCase,
  openMethodCase,
} from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { lensLoss } from "../tuned-lens/train-step.js";
import { trainTunedLens } from "../tuned-lens/train-tuned-lens.js";
import { logitLens } from "./logit-lens.js";

const folder = mkdtempSync(join(tmpdir(), "mlxterp-lens-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const decoder = initializeWeights(new Decoder(gpt2Like), { seed: 3, deviation: 0.3 });
const model = new LanguageModel(decoder, { config: gpt2Like });
const texts = [
  [5, 17, 2, 250, 17, 9],
  [7, 8, 1],
  [30, 4, 99, 12],
];

/** Ranks at which other tokens stand than expected, but for those whose logits are next to equal. */
function misplaced(found: number[], expected: number[], logits: number[]): number[] {
  const tied = (at: number) =>
    [at - 1, at + 1].some((next) => Math.abs((logits[next] ?? Number.NaN) - logits[at]) < 1e-3);
  return expected.flatMap((id, at) => (found[at] === id || tied(at) || at % 10 === 9 ? [] : [at]));
}

describe.each(["gpt2", "llama"].filter((name) => hasMethodCase("lens", name)))(
  "the lens on %s, computed by tuned-lens",
  (name) => {
    const reference = openMethodCase("lens", name);
    const { tokens } = reference.about as { tokens: number[][] };
    const near = { absolute: 2e-4, relative: 1e-4 };

    it("has its ranks, entropies and divergences", async () => {
      const trained = await modelOfCase("lens", name);
      const lens = await logitLens(trained, tokens, { topK: 10, kl: true, follow: [3, 90] });
      const [depths, , positions, k] = reference.about.shapes.top10_logits as number[];
      for (const [row, { grids }] of lens.entries()) {
        for (const [name, grid, width] of [
          ["top10_logits", grids.logit, k],
          ["entropy", grids.entropy, 1],
          ["kl_final_lens", grids.divergence!, 1],
        ] as const) {
          const all = reference.numbers(name);
          const size = positions * width;
          const own = Array.from({ length: depths }, (_, depth) =>
            all.slice((depth * 2 + row) * size, (depth * 2 + row + 1) * size),
          );
          expect(largestDifference([...grid.values], own.flat())).toBeLessThan(near.absolute);
          if (name !== "top10_logits") continue;
          const ids = reference.numbers("top10_ids");
          const rows = Array.from({ length: depths }, (_, depth) =>
            ids.slice((depth * 2 + row) * size, (depth * 2 + row + 1) * size),
          );
          expect(misplaced([...grids.token.values], rows.flat(), own.flat())).toEqual([]);
        }
        const logits = reference.numbers("logits");
        const vocab = trained.anatomy.vocab;
        for (let depth = 0; depth < depths; depth++) {
          const at = ((depth * 2 + row) * positions + 4) * vocab;
          const own = logits.slice(at, at + vocab);
          const place = (depth * positions + 4) * 2;
          expect(grids.followedLogit!.values[place + 1]).toBeCloseTo(own[90], 3);
          expect(grids.followedRank!.values[place]).toBe(
            1 + own.filter((one) => one > own[3] + 1e-5).length,
          );
        }
      }
    });

    it("reads through published translators, and writes them so that they can be read", async () => {
      const trained = await modelOfCase("lens", name);
      const lens = await loadLens(methodCaseFile("lens", name, "tuned-lens"));
      const read = await logitLens(trained, tokens, { translators: lens, topK: 10 });
      const expected = reference.numbers("tuned_top10_logits");
      const found = [0, 1].flatMap((depth) =>
        read.flatMap(({ grids }) => [...grids.logit.values].slice(depth * 100, depth * 100 + 100)),
      );
      expect(largestDifference(found, expected)).toBeLessThan(2e-4);
      await saveLens(lens, join(folder, name), { format: "torch" });
      const { tensors } = openTorchFile(join(folder, name, "params.pt"));
      expect([...tensors.keys()]).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
      const again = await loadLens(join(folder, name));
      expect([...toFlat(again.weight)]).toEqual([...toFlat(lens.weight)]);
      expect([...toFlat(again.bias)]).toEqual([...toFlat(lens.bias)]);
    });

    it("has the loss of its training, and the gradient", async () => {
      const trained = await modelOfCase("lens", name);
      const lens = await loadLens(methodCaseFile("lens", name, "tuned-lens"));
      const { anatomy } = trained;
      const sites = ["layers.0.input", "layers.0", "layers.1"];
      using cache = await trained.run(tokens, { save: sites });
      const rows = sites.map((site) => cache.get(site).reshape([-1, anatomy.hidden]));
      const final = mx.softmax(anatomy.unembed(anatomy.finalNorm(rows[2])), 1);
      const [weights, biases] = [reference.numbers("grad.weight"), reference.numbers("grad.bias")];
      const { hidden } = anatomy;
      for (const depth of [0, 1]) {
        const value = mx.concatenate(
          [lens.weight.index(depth).T, lens.bias.index(depth).reshape([1, -1])],
          0,
        );
        const loss = (own: typeof value) => lensLoss(anatomy, own, rows[depth], final);
        const [found, gradient] = mx.valueAndGrad(loss)(value);
        expect(Number(found.item())).toBeCloseTo(reference.numbers("tuned_kl_loss")[depth], 4);
        const size = hidden * hidden;
        const byWeight = toFlat(gradient.index(mx.Slice(0, hidden)).T);
        expect(
          largestDifference([...byWeight], weights.slice(depth * size, (depth + 1) * size)),
        ).toBeLessThan(1e-4);
        const byBias = [...toFlat(gradient.index(hidden))];
        expect(
          largestDifference(byBias, biases.slice(depth * hidden, (depth + 1) * hidden)),
        ).toBeLessThan(1e-4);
      }
    });
  },
);

it.skipIf(!hasMethodCase("lens", "stories15M"))(
  "a trained model's lens has the tokens, entropies and divergences that tuned-lens computed",
  async () => {
    const reference = openMethodCase("lens", "stories15M");
    const { tokens } = reference.about as { tokens: number[][] };
    const trained = await modelOfCase("lens", "stories15M");
    const [{ grids }] = await logitLens(trained, tokens, { topK: 10, kl: true });
    for (const [name, grid] of [
      ["top10_logits", grids.logit],
      ["entropy", grids.entropy],
      ["kl_final_lens", grids.divergence!],
    ] as const) {
      const expected = reference.numbers(name);
      expect(grid.values, name).toHaveLength(expected.length);
      // beyond 1 the reference's own tolerance is relative
      const worst = expected.map((one, at) => Math.abs(grid.values[at] - one) / (2e-4 + 1e-4 * Math.abs(one))); // biome-ignore format: one line
      expect(Math.max(...worst), name).toBeLessThan(1);
    }
    const logits = reference.numbers("top10_logits");
    expect(misplaced([...grids.token.values], reference.numbers("top10_ids"), logits)).toEqual([]);
  },
);

describe("trainTunedLens", () => {
  const options = { steps: 12, batchSize: 2, learningRate: 0.02 };

  it("brings every depth nearer to the final prediction", async () => {
    const first: (readonly number[])[] = [];
    const lens = await trainTunedLens(model, texts, {
      ...options,
      onProgress: ({ losses }) => first.push(losses),
    });
    expect(first).toHaveLength(12);
    const far = async (translators?: LensTranslators) => {
      const all = await logitLens(model, texts, { kl: true, ...(translators && { translators }) });
      const grids = all.map(({ grids: { divergence } }) => divergence!);
      return [0, 1, 2, 3].map((depth) =>
        grids.reduce((sum, { values }) => {
          const width = values.length / 4;
          return sum + mean([...values.slice(depth * width, (depth + 1) * width)]);
        }, 0),
      );
    };
    const [plain, tuned] = [await far(), await far(lens)];
    for (const depth of [0, 1, 2]) expect(tuned[depth]).toBeLessThan(0.8 * plain[depth]);
    expect(tuned[3]).toBe(plain[3]);
    expect(tuned[3]).toBeLessThan(1e-4);
  });

  it("goes on from a checkpoint to the same bits, and from that of no other training", async () => {
    const whole = await trainTunedLens(model, texts, options);
    const checkpoint = join(folder, "state");
    const stop = new AbortController();
    const part = trainTunedLens(model, texts, {
      ...options,
      checkpoint,
      checkpointEvery: 5,
      signal: stop.signal,
      onProgress: ({ done }) => done === 7 && stop.abort(new Error("enough")),
    });
    await expect(part).rejects.toThrow("enough");
    const steps: number[] = [];
    const rest = await trainTunedLens(model, texts, {
      ...options,
      checkpoint,
      onProgress: ({ done }) => steps.push(done),
    });
    expect(steps[0]).toBe(6);
    expect([...toFlat(rest.weight)]).toEqual([...toFlat(whole.weight)]);
    expect([...toFlat(rest.bias)]).toEqual([...toFlat(whole.bias)]);
    const other = trainTunedLens(model, texts, { ...options, seed: 1, checkpoint });
    await expect(other).rejects.toThrow("another training");
  });

  it("is kept whole, and refused by a model of another shape", async () => {
    const lens = await trainTunedLens(model, texts, { ...options, steps: 1 });
    await saveLens(lens, join(folder, "own"));
    const again = await loadLens(join(folder, "own"));
    expect([...toFlat(again.weight)]).toEqual([...toFlat(lens.weight)]);
    expect(again.origin).toMatchObject({ weights: lens.origin!.weights });
    const small = { ...llamaLike, layers: llamaLike.layers.slice(0, 2) };
    const other = new LanguageModel(initializeWeights(new Decoder(small), { seed: 1 }), {
      config: small,
    });
    const read = logitLens(other, [1, 2], { translators: join(folder, "own") });
    await expect(read).rejects.toThrow("this model has 2 layers of 24");
    await expect(loadLens(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_ACCESS" });
  });
});

/** One of each kind of layer: whose stream, norms, attention, experts or states another has not. */
const jacobianFamilies = sweep(
  [
    ...["llama", "gemma2", "mixtral"].map((one) => [one, LanguageModel] as const),
    ["recurrent_gemma", RecurrentModel],
    ["bert", MaskedLanguageModel],
    ...["gpt_neox", "cohere", "bloom", "gemma4_text", "olmo2", "granite", "llama4_text", "qwen2_moe", "gpt_oss", "deepseek_v3"].map((one) => [one, LanguageModel] as const), // biome-ignore format: a list
    ...["mamba", "mamba2", "falcon_h1", "lfm2", "qwen3_next"].map((one) => [one, RecurrentModel] as const), // biome-ignore format: a list
    ["modernbert", MaskedLanguageModel],
  ] as unknown as [string, typeof LanguageModel][],
  5,
);

describe("jacobianLens", () => {
  it.each(["later", "same"] as const)(
    "is the mean of derivatives by differences: %s",
    async (target) => {
      const ids = texts[2];
      const lens = await jacobianLens(model, [ids], { layers: [1], target, rows: 7 });
      const { hidden } = gpt2Like;
      const step = 1e-2;
      const moved = async (position: number, dimension: number, by: number) => {
        const push = Array.from({ length: ids.length * hidden }, (_, at) =>
          at === position * hidden + dimension ? by : 0,
        );
        const add = mx.array(push).reshape([1, ids.length, hidden]);
        const run = await model.run([ids], {
          save: "layers.2",
          interventions: { "layers.1.input": (x) => mx.add(x, add) },
        });
        return run.get("layers.2");
      };
      for (const dimension of [0, 11, 23]) {
        const expected = new Float64Array(hidden);
        for (let position = 0; position < ids.length; position++) {
          const [up, down] = [
            await moved(position, dimension, step),
            await moved(position, dimension, -step),
          ];
          const slope = mx.divide(mx.subtract(up, down), 2 * step).index(0);
          const own = target === "later" ? mx.sum(slope, 0) : slope.index(position);
          for (const [at, value] of [...toFlat(own)].entries()) expected[at] += value / ids.length;
        }
        const column = toFlat(lens.weight.index(1, mx.Slice(), dimension));
        expect(largestDifference([...column], [...expected])).toBeLessThan(5e-3);
      }
      expect([...toFlat(lens.weight.index(0))]).toEqual([...toFlat(mx.eye(hidden))]);
    },
  );

  it.each(jacobianFamilies)("is what differences say in %s", async (family, kind) => {
    const folder = new URL(`../../../models/references/${family}/base`, import.meta.url).pathname;
    const own = (await loadModel(folder, { as: kind })) as unknown as LanguageModel;
    const { layers, hidden } = own.anatomy;
    const [ids, layer] = [[5, 17, 9, 33], layers - 2];
    const lens = await jacobianLens(own, [ids], { layers: [layer], rows: 20 });
    const push = mx.random.normal([hidden], mx.float32, 0, 1, mx.random.key(3));
    const last = `layers.${layers - 1}`;
    const pushed = async (by: number) => {
      const change = (x: typeof push) => mx.add(x, mx.multiply(push, by));
      const interventions = { [`layers.${layer}.input`]: change }; // at every position
      return (await own.run([ids], { save: last, interventions })).get(last);
    };
    const slope = async (step: number) =>
      mx.divide(mx.subtract(await pushed(step), await pushed(-step)), 2 * step);
    // what is left of third order goes, too
    const both = [mx.multiply(await slope(4e-3), 4 / 3), mx.divide(await slope(8e-3), 3)];
    const expected = toFlat(mx.mean(mx.subtract(both[0], both[1]), [0, 1]));
    const found = toFlat(mx.matmul(lens.weight.index(layer), push));
    const size = Math.max(...expected.map(Math.abs));
    expect(largestDifference([...found], [...expected]) / size).toBeLessThan(1e-3);
  });

  it("names what a model of several streams or two stacks has not", async () => {
    for (const [path, as] of [
      ["gemma3n_text/base", StreamsModel],
      ["t5/written-gated", EncoderDecoderModel],
      ["clip/compared-highest", ImageTextModel],
    ] as const) {
      const folder = new URL(`../../../models/references/${path}`, import.meta.url).pathname;
      const other = (await loadModel(folder, { as: as as never })) as LanguageModel;
      await expect(jacobianLens(other, [[5, 7]])).rejects.toMatchObject({ code: "MISSING_ANATOMY" }); // biome-ignore format: one line
    }
  });

  it("changes nothing where nothing comes after", async () => {
    const shallow = { ...gpt2Like, layers: gpt2Like.layers.slice(0, 1) };
    const one = new LanguageModel(
      initializeWeights(new Decoder(shallow), { seed: 1, deviation: 0 }),
      { config: shallow },
    );
    const { weight } = await jacobianLens(one, [[1, 2, 3]], { target: "same" });
    expect([...toFlat(weight.index(0))]).toEqual([...toFlat(mx.eye(24))]);
  });
});

describe("readDirection", () => {
  it("says of a direction what adding it to the stream does to the logits, the norm's scale apart", async () => {
    const direction = mx.random.normal([24], mx.float32, 0, 1, mx.random.key(4));
    const { tables } = await readDirection(model, direction, { topK: gpt2Like.vocab });
    const found = new Float64Array(gpt2Like.vocab);
    for (const { id, logit, side } of tables.tokens.rows) if (side === "for") found[id] = logit;
    const { anatomy } = model;
    const states = mx.random.normal([1, 24], mx.float32, 0, 1, mx.random.key(5));
    const centred = mx.subtract(states, mx.mean(states));
    const scale = mx.sqrt(mx.add(mx.mean(mx.square(centred)), 1e-2));
    const at = (x: typeof states) => anatomy.unembed(anatomy.finalNorm(x));
    const grad = (direction: typeof states, step: number) =>
      mx.subtract(at(mx.add(states, mx.multiply(direction, step))), at(states));
    // a direction that leaves the norm's scale as it is to first order: orthogonal to the state, without a mean
    const flat = mx.subtract(direction, mx.mean(direction));
    const along = mx.divide(mx.sum(mx.multiply(flat, centred)), mx.sum(mx.square(centred)));
    const free = mx.subtract(flat, mx.multiply(along, centred.reshape([-1])));
    const own = await readDirection(model, free, { topK: gpt2Like.vocab });
    const expected = toFlat(mx.multiply(mx.divide(grad(free, 1e-2), 1e-2), scale));
    for (const { id, logit, side } of own.tables.tokens.rows) {
      if (side === "for") expect(logit).toBeCloseTo(expected[id], 1);
    }
    expect(found.some((value) => value !== 0)).toBe(true);
  });

  it("refuses other shapes", async () => {
    await expect(readDirection(model, [1, 2, 3])).rejects.toThrow("must have shape [24]");
  });
});
