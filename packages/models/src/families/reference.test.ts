/** Equality with transformers: every hidden state, pattern and logit of the reference checkpoints. */
import { mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { type LanguageModel, loadModel } from "../index.js";
import {
  maxDifference,
  readActivations,
  readReport,
  reference,
  rows,
} from "../test-support/reference.js";

const families = ["llama", "llama_llama3rope", "gpt2"].map((name) => `reference/families/${name}`);
const trained = ["stories15M", "stories260K", "sort-gpt2"].map((name) => `data/models/${name}`);

async function continueGreedily(model: LanguageModel, ids: number[], maxTokens: number) {
  const tokens = [...ids];
  for await (const { token } of model.generate(ids, { maxTokens })) tokens.push(token);
  return tokens;
}

for (const path of [...families, ...trained]) {
  const { folder, available } = reference(path);
  describe.skipIf(!available)(`${path} against transformers`, () => {
    const opened = available ? loadModel(folder) : undefined;
    const activations = available ? readActivations(folder) : {};

    it("has the same hidden states, last layer and logits", async () => {
      const model = (await opened)!;
      const last = model.config.layers.length;
      const cache = await model.run(rows(activations.input_ids), {
        save: ["layers.0.input", "layers.*", "finalNorm", "output"],
      });
      expect(maxDifference(cache.get("layers.0.input"), activations["hidden.0"])).toBeLessThan(
        1e-5,
      );
      for (let layer = 1; layer < last; layer++) {
        const ours = cache.get(`layers.${layer - 1}`);
        expect(maxDifference(ours, activations[`hidden.${layer}`])).toBeLessThan(1e-4);
      }
      expect(maxDifference(cache.get("finalNorm"), activations[`hidden.${last}`])).toBeLessThan(
        1e-4,
      );
      if (activations.last_layer) {
        const ours = cache.get(`layers.${last - 1}`);
        expect(maxDifference(ours, activations.last_layer)).toBeLessThan(1e-4);
      }
      expect(maxDifference(cache.get("output"), activations.logits)).toBeLessThan(1e-4);
    });

    it("has the same attention patterns, read beside the kernel and computed in its place", async () => {
      const model = (await opened)!;
      const prompt = rows(activations.input_ids);
      const read = await model.run(prompt, { save: "layers.*.selfAttn.pattern" });
      const computed = await model.run(prompt, {
        save: ["layers.*.selfAttn.pattern", "output"],
        interventions: { "layers.*.selfAttn.pattern": (x) => x },
      });
      for (let layer = 0; layer < model.config.layers.length; layer++) {
        const site = `layers.${layer}.selfAttn.pattern`;
        expect(maxDifference(read.get(site), activations[`attn.${layer}`])).toBeLessThan(1e-5);
        expect(maxDifference(computed.get(site), activations[`attn.${layer}`])).toBeLessThan(1e-5);
      }
      expect(maxDifference(computed.get("output"), activations.logits)).toBeLessThan(1e-4);
    });
  });
}

for (const path of families) {
  const { folder, available } = reference(path);
  describe.skipIf(!available)(`${path}: padding, generation and gradients`, () => {
    const opened = available ? loadModel(folder) : undefined;
    const activations = available ? readActivations(folder) : {};

    it("gives padded prompts the same logits at their real tokens", async () => {
      const model = (await opened)!;
      const mask = rows(activations.padded_mask);
      const prompts = rows(activations.padded_input_ids).map((ids, row) =>
        ids.slice(0, mask[row].filter((real) => real === 1).length),
      );
      const ours = (await model.run(prompts)).get("output");
      const real = mx.expandDims(activations.padded_mask, 2);
      const difference = mx.multiply(mx.subtract(ours, activations.padded_logits), real);
      expect(Number(mx.max(mx.abs(difference)).item())).toBeLessThan(1e-4);
    });

    it("continues greedily with the same tokens", async () => {
      const model = (await opened)!;
      const [expected] = rows(activations.generated);
      const prompt = expected.slice(0, 14);
      expect(await continueGreedily(model, prompt, 8)).toEqual(expected);
    });

    it("has the same gradient at the input of layer 1", async () => {
      const { module: decoder } = (await opened)!;
      const length = activations.input_ids.shape[1];
      const pass = {
        positions: { offset: 0, end: length, ids: undefined },
        mask: decoder.causalMask(length, length, mx.float32),
      };
      const metric = (hidden: typeof activations.logits) => {
        const logits = decoder.unembed(
          decoder.finalNorm.forward(decoder.layers[1].forward(hidden, pass)),
        );
        return mx.subtract(logits.index(0, -1, 5), logits.index(0, -1, 7));
      };
      const gradient = mx.grad(metric)(activations["hidden.1"]);
      expect(maxDifference(gradient, activations["grad.hidden.1"])).toBeLessThan(1e-4);
    });
  });
}

const stories = reference("data/models/stories15M");
describe.skipIf(!stories.available)("stories15M in words", () => {
  const report = stories.available
    ? readReport<{ prompt: string; greedy: number[]; greedy_text: string; input_ids: number[][] }>(
        stories.folder,
      )
    : undefined;

  it("tokenizes and continues the prompt as transformers does", async () => {
    const model = await loadModel(stories.folder);
    const { prompt, greedy, greedy_text, input_ids } = report!;
    expect(model.tokens(prompt).ids).toEqual(input_ids);
    const count = greedy.length - input_ids[0].length;
    const steps = [];
    for await (const step of model.generate(prompt, { maxTokens: count })) steps.push(step);
    expect([...input_ids[0], ...steps.map(({ token }) => token)]).toEqual(greedy);
    expect(`<s> ${prompt}${steps.map(({ text }) => text).join("")}`).toBe(greedy_text);
    expect(model.tokenizer?.decode(greedy)).toBe(greedy_text);
  });

  it("gives each generated token its log-probability under a full forward", async () => {
    const model = await loadModel(stories.folder);
    const ids = report!.input_ids[0];
    const steps = [];
    for await (const step of model.generate(ids, { maxTokens: 6 })) steps.push(step);
    const whole = [...ids, ...steps.map(({ token }) => token)];
    const logits = (await model.run([whole])).get("output");
    const normalized = mx.subtract(logits, mx.logsumexp(logits, -1, true));
    for (const { token, position, logProbability } of steps) {
      const expected = toFlat(normalized.index(0, position - 1, token))[0];
      expect(logProbability).toBeCloseTo(expected, 4);
    }
  });
});
