/** What else is patched in and read out: means, samples, sequences, ragged pairs, every metric; and that all of it runs again from its result. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { compare, resultsFromJson, toJson } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { rerun } from "../rerun.js";
import type { MetricName } from "../shared/metric-names.js";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import { activationPatching } from "./activation-patching.js";
import { patch } from "./method.js";
import type { PatchingOptions } from "./options.js";

const model = new LanguageModel(
  initializeWeights(new Decoder(gpt2Like), { seed: 11, deviation: 0.35 }),
  { config: gpt2Like },
);
const clean = [5, 17, 2, 25, 9];
const corrupted = [5, 30, 2, 17, 9];
const question = { answer: 3, wrongAnswer: 8 };
const cell = { kinds: "mlp", layers: [1], positions: [3] } as const;

async function logitsWith(ids: readonly number[], value: Iterable<number>, position: number) {
  const site = "layers.1.mlp";
  const run = await model.run([ids], {
    interventions: {
      [site]: (x) => {
        const own = mx.array([...value]).reshape([1, 1, -1]);
        const before = x.index(mx.Slice(), mx.Slice(0, position));
        const after = x.index(mx.Slice(), mx.Slice(position + 1, x.shape[1]));
        return mx.concatenate([before, own, after], 1);
      },
    },
    save: "output",
  });
  return [...toFlat(run.last("output"))];
}

const valueAt = async (ids: readonly number[], position: number) => {
  const x = (await model.run([ids], { save: "layers.1.mlp" })).get("layers.1.mlp");
  return toFlat(x.index(0, position));
};

it("takes each position's own mean over prompts that have it", async () => {
  const reference = [
    [1, 2, 3, 4, 5, 6],
    [9, 8, 7],
    [4, 4, 4, 4, 4],
  ];
  const options = { ...question, ...cell, source: "mean", eachPosition: true, reference } as const;
  const { grids } = await activationPatching(model, { clean, corrupted }, options);
  const values = [await valueAt(reference[0], 3), await valueAt(reference[2], 3)];
  const mean = [...values[0]].map((value, at) => (value + values[1][at]) / 2);
  const logits = await logitsWith(clean, mean, 3);
  expect(grids.mlpMetric!.values[0]).toBeCloseTo(logits[3] - logits[8], 4);
});

describe("metrics", () => {
  const softmax = (logits: readonly number[]) => {
    const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
    return logits.map((logit) => Math.exp(logit) / sum);
  };
  const expected: Readonly<Record<MetricName, (own: number[], intact: number[]) => number>> = {
    logitDifference: (own) => own[3] - own[8],
    probability: (own) => softmax(own)[3],
    logProbability: (own) => Math.log(softmax(own)[3]),
    crossEntropy: (own) => -Math.log(softmax(own)[3]),
    probabilityDifference: (own) => softmax(own)[3] - softmax(own)[8],
    rank: (own) => 1 + own.filter((logit) => logit > own[3]).length,
    accuracy: (own) => Number(own.every((logit) => logit <= own[3])),
    kl: (own, intact) => {
      const [p, q] = [softmax(intact), softmax(own)];
      return p.reduce((sum, one, at) => sum + one * Math.log(one / q[at]), 0);
    },
  };

  it.each(Object.keys(expected) as MetricName[])("%s is what it is by hand", async (metric) => {
    const intact = [...toFlat((await model.run([clean], { save: "output" })).last("output"))];
    const first = intact.indexOf(Math.max(...intact)); // so that accuracy tells the prompts apart
    const asked = metric === "accuracy" ? { answer: first, wrongAnswer: 8 } : question;
    const options = { ...asked, ...cell, direction: "noising", metric } as const;
    const { grids } = await activationPatching(model, { clean, corrupted }, options);
    const own = await logitsWith(clean, await valueAt(corrupted, 3), 3);
    const swapped = own.map((logit, at) => (at === 3 ? own[asked.answer] : at === asked.answer ? own[3] : logit)); // biome-ignore format: one line
    const number = expected[metric](metric === "accuracy" ? swapped : own, intact);
    expect(grids.mlpMetric!.values[0]).toBeCloseTo(number, 4);
  });
});

it("scores sequences with what comes before fed to every run", async () => {
  const answer = { sequence: [3, 40, 7] };
  const wrongAnswer = { sequence: [8, 12] };
  const options = { answer, wrongAnswer, ...cell } as const;
  const { grids, tables } = await activationPatching(model, { clean, corrupted }, options);
  const logProbability = async (base: number[], other: number[] | null, sequence: number[]) => {
    const fed = [...base, ...sequence.slice(0, -1)];
    const value = other && (await valueAt([...other, ...sequence.slice(0, -1)], 3));
    const replace = (x: MxArray) =>
      mx.concatenate(
        [
          x.index(mx.Slice(), mx.Slice(0, 3)),
          value ? mx.array([...value]).reshape([1, 1, -1]) : x.index(mx.Slice(), mx.Slice(3, 4)),
          x.index(mx.Slice(), mx.Slice(4, x.shape[1])),
        ],
        1,
      );
    const interventions = { "layers.1.mlp": replace };
    const run = await model.run([fed], { save: "output", interventions });
    const logits = run.get("output");
    return sequence.reduce((sum, id, step) => {
      const own = [...toFlat(logits.index(0, base.length - 1 + step))];
      return sum + own[id] - Math.log(own.reduce((total, one) => total + Math.exp(one), 0));
    }, 0);
  };
  const difference = async (base: number[], other: number[] | null) =>
    (await logProbability(base, other, answer.sequence)) -
    (await logProbability(base, other, wrongAnswer.sequence));
  const [{ clean: right, corrupted: wrong }] = tables.baselines.rows;
  expect(right).toBeCloseTo(await difference(clean, null), 4);
  expect(wrong).toBeCloseTo(await difference(corrupted, null), 4);
  expect(grids.mlpMetric!.values[0]).toBeCloseTo(await difference(corrupted, clean), 4);
});

const long = [5, 17, 18, 2, 25, 9];
const short = [5, 30, 2, 25, 9];
const spans = [{ clean: [1, 3], corrupted: [1, 2] }] as const;

it("names positions of a ragged pair by the clean prompt's that stand for something", async () => {
  const { grids, fed } = await activationPatching(model, { clean: long, corrupted: short, spans }, question); // biome-ignore format: one call
  const positions = grids.residual!.labels.position.map((label) => (label as { position: number }).position); // biome-ignore format: one line
  expect(positions).toEqual([0, 2, 3, 4, 5]);
  expect(fed[0].spans).toEqual([[1, 3]]);
  const alone = activationPatching(model, { clean: long, corrupted: short, spans }, { ...question, positions: [1] }); // biome-ignore format: one call
  await expect(alone).rejects.toThrow("stands for nothing");
});

it("says what it saved", async () => {
  const { tables } = await activationPatching(model, { clean, corrupted }, question);
  const [{ runs, merged, saved }] = tables.work.rows;
  expect([runs, merged]).toEqual([15, 3]); // nothing differs before position 1
  expect(saved).toBeCloseTo(1 - (4 * (3 + 2 + 1)) / 45, 10);
});

const asked: Record<string, Partial<PatchingOptions>> = {
  zero: { source: "zero", kinds: ["head", "neuron"], neurons: [1, 2] },
  mean: { source: "mean", kinds: ["query", "residual"], positions: [2] },
  resample: { source: "resample", reference: [[1, 2, 3, 4, 5]], kinds: "pattern" },
  kl: { metric: "kl", kinds: ["residualMid", "value"] },
  sets: { answer: { any: [3, 4] }, wrongAnswer: { any: [8, 9] }, metric: "probabilityDifference" },
  sequence: { answer: { sequence: [3, 4] }, wrongAnswer: 8 },
};

it.each(Object.entries(asked))(
  "%s: runs again bit for bit from JSON, and shows",
  async (_, more) => {
    const options = { ...question, ...more } as PatchingOptions;
    const result = await activationPatching(model, { clean, corrupted }, options);
    const [stored] = resultsFromJson(toJson(result));
    expect(compare(stored, await rerun(model, patch, stored))).toBeUndefined();
    expect(patch.view(stored as typeof result)).toEqual(patch.view(result));
  },
);

it("runs a ragged pair again", async () => {
  const result = await activationPatching(
    model,
    { clean: long, corrupted: short, spans },
    question,
  );
  const [stored] = resultsFromJson(toJson(result));
  expect(compare(stored, await rerun(model, patch, stored))).toBeUndefined();
});

it("leaves nothing out in a model that looks ahead", async () => {
  // what a token is told by the mean of all tokens of its prompt, as in an encoder
  const ahead = model.edit({ "layers.0.input": (x) => mx.add(x, mx.mean(x, 1, true)) });
  const { tables } = await activationPatching(ahead, { clean, corrupted }, question);
  expect(tables.work.rows[0].merged).toBe(0);
});

describe("refuses", () => {
  const grouped = new LanguageModel(
    initializeWeights(new Decoder(llamaLike), { seed: 11, deviation: 0.35 }),
    { config: llamaLike },
  );
  const wrong: [string, LanguageModel, Partial<PatchingOptions>, RegExp][] = [
    ["kinds that a model does not have", model, { kinds: "expert" }, /none of these layers has it/],
    ["neurons unnamed", model, { kinds: "neuron" }, /needs neurons/],
    ["neurons that are none", model, { kinds: "neuron", neurons: [48] }, /Neuron 48/],
    ["layers that share keys unlike", grouped, { kinds: "key" }, /make no grid/],
    ["reference without use", model, { reference: [[1]] }, /source is "prompt"/],
    ["resampling from nothing", model, { source: "resample" }, /give reference/],
    ["samples of another length", model, { source: "resample", reference: [[1, 2]] }, /2 tokens/],
    ["positions that no reference has", model, { source: "mean", eachPosition: true, reference: [[1]] }, /no mean/], // biome-ignore format: one case
    [
      "kl of sequences",
      model,
      { answer: { sequence: [1, 2] }, metric: "kl" },
      /reads one position/,
    ],
  ];
  it.each(wrong)("%s", async (_, view, options, message) => {
    const call = activationPatching(view, { clean, corrupted }, { ...question, ...options });
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/INVALID_ARGUMENT|OUT_OF_RANGE/) }); // biome-ignore format: one line
  });
});
