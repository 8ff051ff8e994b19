/** Direct logit attribution: its parts sum to what the model says. */
import { mx, toFlat } from "@mlxterp/mlx";
import {
  Decoder,
  type DecoderConfig,
  initializeWeights,
  LanguageModel,
  loadModel,
} from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import type { AnalysisModel } from "../shared/model.js";
import { gpt2Like, llamaLike, sharedModel } from "../shared/test-support.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { directLogitAttribution } from "./direct-logit-attribution.js";
import { type Attribution, attributionOf } from "./result.js";

function sumOfParts(one: Attribution): number {
  const parts = [
    one.embedding,
    ...one.heads.flat(),
    ...one.attentionRest,
    ...one.mlps,
    one.normBias,
    one.unembeddingRest,
  ];
  return parts.reduce((sum, part) => sum + part, 0);
}

async function lastLogits(model: AnalysisModel, ids: readonly number[]): Promise<Float32Array> {
  const run = await model.run([ids]);
  return toFlat(run.last("output")) as Float32Array;
}

const prompts = [
  [5, 17, 2, 25, 9],
  [3, 8],
  [1, 2, 3],
];

describe.each([
  ["llama", llamaLike],
  ["gpt2", gpt2Like],
])("directLogitAttribution on a %s layout", (_, config) => {
  const decoder = initializeWeights(new Decoder(config), { seed: 8, deviation: 0.3 });
  const norm = decoder.finalNorm!;
  norm.weight = mx.random.normal([config.hidden], mx.float32, 1, 0.3, mx.random.key(1));
  if (norm.bias) norm.bias = mx.random.normal(norm.bias.shape, mx.float32, 0, 1, mx.random.key(2));
  if (decoder.lmHead?.bias) {
    decoder.lmHead.bias = mx.random.normal([config.vocab], mx.float32, 0, 1, mx.random.key(3));
  }
  const model = new LanguageModel(decoder, { config });

  it("sums to the logit difference, prompt by prompt", async () => {
    const result = await directLogitAttribution(model, prompts, {
      answer: [3, 4, 5],
      wrongAnswer: 10,
      batchSize: 2,
    });
    for (const [index, { answer }] of result.fed.entries()) {
      const one = attributionOf(result, index);
      const logits = await lastLogits(model, prompts[index]);
      expect(one.total).toBeCloseTo(logits[answer!.id] - logits[10], 4);
      expect(Math.abs(sumOfParts(one) - one.total)).toBeLessThan(1e-4);
    }
    const whole = attributionOf(result);
    expect(Math.abs(sumOfParts(whole) - whole.total)).toBeLessThan(1e-4);
  });

  it("sums to a single logit", async () => {
    const result = await directLogitAttribution(model, prompts[0], { answer: 3 });
    expect(attributionOf(result).total).toBeCloseTo((await lastLogits(model, prompts[0]))[3], 4);
    const whole = attributionOf(result);
    expect(Math.abs(sumOfParts(whole) - whole.total)).toBeLessThan(1e-4);
  });

  it("gives a head what its write, through the frozen norm and the unembedding, adds", async () => {
    const [prompt] = prompts;
    const found = await directLogitAttribution(model, prompt, { answer: 3, wrongAnswer: 10 });
    const { heads } = attributionOf(found);
    const save = ["layers.1.selfAttn.result", "finalNorm.scale"];
    const run = await model.run([prompt], { save });
    const write = run.last("layers.1.selfAttn.result").index(0); // (heads, hidden)
    const centred = norm.kind === "layer" ? mx.subtract(write, mx.mean(write, -1, true)) : write;
    const scaled = mx.divide(centred, run.last("finalNorm.scale"));
    const normed = mx.multiply(scaled, norm.weight!);
    const { W_U } = model.weights; // (hidden, vocab)
    const direction = mx.subtract(W_U.index("...", 3), W_U.index("...", 10));
    const expected = toFlat(mx.matmul(normed, direction));
    for (const [head, value] of heads[1].entries()) expect(value).toBeCloseTo(expected[head], 4);
  });
});

describe("finer parts", () => {
  const norm = { kind: "rms" as const, epsilon: 1e-5, bias: false };
  const sandwich = llamaLike.layers.map((layer) => ({ ...layer, attention: { ...layer.attention, postNorm: norm }, mlp: { ...layer.mlp, postNorm: norm } })); // biome-ignore format: one list
  const experts = {
    count: 4,
    topK: 2,
    scoring: "softmax" as const,
    normalized: true,
    sharedHidden: 12,
  };
  const everything = { answer: 3, wrongAnswer: 10, by: ["neurons", "experts", "sources"] as const, most: 100_000 }; // biome-ignore format: one object
  const layouts: [string, DecoderConfig][] = [
    ["Llama", llamaLike],
    ["GPT-2", gpt2Like],
    ["Gemma 2", { ...llamaLike, layers: sandwich }],
    ["a mixture of experts", { ...llamaLike, layers: llamaLike.layers.map((layer) => ({ ...layer, mlp: { ...layer.mlp, experts } })) }], // biome-ignore format: one row
  ];

  it.each(layouts)("of %s add up to heads and MLPs", async (name, config) => {
    const model = new LanguageModel(initializeWeights(new Decoder(config), { seed: 8, deviation: 0.3 }), { config }); // biome-ignore format: one call
    const result = await directLogitAttribution(model, prompts, everything);
    const { tables } = result;
    for (const [prompt, ids] of prompts.entries()) {
      const whole = attributionOf(result, prompt);
      const sum = (rows: readonly { prompt: number; layer: number; value: number }[], layer: number) => rows.filter((row) => row.prompt === prompt && row.layer === layer).reduce((total, { value }) => total + value, 0); // biome-ignore format: one line
      expect(Math.abs(sumOfParts(whole) - whole.total)).toBeLessThan(1e-4);
      whole.mlps.forEach((mlp, layer) => {
        const isMixture = name === "a mixture of experts";
        const rows = isMixture ? tables.experts!.rows : tables.neurons!.rows;
        expect(sum(rows, layer)).toBeCloseTo(mlp, 4); // initial biases are zero
        if (!isMixture) expect(tables.experts!.rows).toHaveLength(0);
      });
      whole.heads.forEach((row, layer) => {
        row.forEach((head, number) => {
          const own = tables.sources!.rows.filter((one) => one.head === number);
          expect(sum(own, layer)).toBeCloseTo(head, 4);
          expect(own.filter((one) => one.prompt === prompt && one.layer === layer)).toHaveLength(ids.length); // biome-ignore format: one line
        });
        expect(Math.abs(whole.attentionRest[layer])).toBeLessThan(1e-4);
      });
    }
  });
});

describe.each(sweep(["gpt2", "llama", "stories15M"], 2))("against the reference on %s", (name) => {
  const method = "direct-logit-attribution";
  it.skipIf(!hasMethodCase(method, name))("heads, MLPs and neurons", async () => {
    const { about, numbers } = openMethodCase(method, name);
    const model = await modelOfCase(method, name);
    const asked = { answer: about.answer, wrongAnswer: about.foil, by: ["neurons"] as const, most: 100_000 }; // biome-ignore format: one object
    const result = await directLogitAttribution(model, about.clean as number[][], asked);
    const whole = attributionOf(result, 0);
    const close = (found: readonly number[], expected: readonly number[]) => {
      found.forEach((value, at) => {
        expect(Math.abs(value - expected[at])).toBeLessThan(1e-4 * (1 + Math.abs(expected[at])));
      });
    };
    close(whole.heads.flat(), numbers("heads"));
    close(whole.attentionRest, numbers("attn_bias"));
    const resid = new Map((about.resid_labels as string[]).map((label, at) => [label, numbers("resid")[at]])); // biome-ignore format: one line
    close(whole.mlps, whole.mlps.map((_, layer) => resid.get(`${layer}_mlp_out`)!)); // biome-ignore format: one call
    close([whole.embedding], [resid.get("embed")! + (resid.get("pos_embed") ?? 0)]);
    close([whole.normBias + whole.unembeddingRest, whole.total], [...numbers("closing"), ...numbers("logit_difference")]); // biome-ignore format: one call
    const neurons = numbers("neurons");
    const width = neurons.length / whole.mlps.length;
    const rows = result.tables.neurons!.rows;
    expect(rows).toHaveLength(neurons.length);
    close(rows.map(({ value }) => value), rows.map(({ layer, neuron }) => neurons[layer * width + neuron])); // biome-ignore format: one call
  });
});

const stories = sharedModel("stories15M");

describe.skipIf(!stories.available)("directLogitAttribution on stories15M", () => {
  it("sums to the logit difference, and late heads carry it", async () => {
    const model = await loadModel(stories.folder);
    const result = await directLogitAttribution(
      model,
      "Tom and Sue went to the park. Sue gave a ball to",
      { answer: " Tom", wrongAnswer: " Sue" },
    );
    const whole = attributionOf(result);
    expect(Math.abs(sumOfParts(whole) - whole.total)).toBeLessThan(1e-4);
    expect(Math.max(...whole.heads[5], ...whole.heads[4])).toBeGreaterThan(2);
    expect(Math.max(...whole.heads[0])).toBeLessThan(0.5);
  });
});
