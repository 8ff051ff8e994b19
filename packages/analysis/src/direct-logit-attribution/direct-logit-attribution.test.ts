/** Direct logit attribution: its parts sum to what the model says. */
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import type { AnalysisModel } from "../shared/model.js";
import { gpt2Like, llamaLike, sharedModel } from "../shared/test-support.js";
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
