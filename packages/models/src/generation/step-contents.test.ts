/** What a step carries besides its token: alternatives and activations. */
import { mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../index.js";
import { stepsOf, tokensOf } from "../test-support/generation.js";
import { smallModel } from "../test-support/models.js";
import { maxDifference } from "../test-support/reference.js";

const model = smallModel();
const prompt = [3, 1, 4, 1];

describe("alternatives", () => {
  it.each([1, 5, 100])("are the %i largest of the sorted log-probabilities", async (count) => {
    const text = [...prompt];
    const sampling = { temperature: 2, repetitionPenalty: 2, seed: 3 };
    const steps = await stepsOf(model, prompt, { maxTokens: 4, alternatives: count, ...sampling });
    for (const { token, alternatives = [] } of steps) {
      const logits = (await model.run([text])).get("output").index(0, -1);
      const values = [...toFlat(mx.subtract(logits, mx.logsumexp(logits)))];
      const ids = values.map((_, id) => id).sort((a, b) => values[b] - values[a]);
      expect(alternatives.map((other) => other.token)).toEqual(ids.slice(0, count));
      for (const other of alternatives) {
        expect(other.logProbability).toBeCloseTo(values[other.token], 4);
      }
      text.push(token);
    }
  });

  it("come with their texts, the chosen one first when greedy", async () => {
    const tiny = await loadModel("tiny");
    const [step] = await stepsOf(tiny, "Mary and John went to the", {
      maxTokens: 1,
      alternatives: 3,
    });
    expect(step.alternatives?.[0]).toMatchObject({ token: step.token, text: step.text });
    expect(step.alternatives?.[0].logProbability).toBeCloseTo(step.logProbability, 5);
    const total = (step.alternatives ?? []).reduce((sum, { text }) => sum + text.length, 0);
    expect(total).toBeGreaterThan(3);
  });

  it("are not there unless asked for", async () => {
    const [step] = await stepsOf(model, prompt, { maxTokens: 1 });
    expect(Object.keys(step)).not.toContain("alternatives");
    expect(Object.keys(step)).not.toContain("saved");
  });
});

describe("activations of a step", () => {
  const save = ["layers.1", "layers.*.selfAttn.pattern", "output"];

  it("are those from which its token was chosen", async () => {
    const steps = await stepsOf(model, prompt, { maxTokens: 3, save });
    const fed = [...prompt, ...tokensOf(steps)];
    const all = await model.run([fed], { save: "layers.1" });
    const starts = [0, 4, 5];
    for (const [step, { saved = {} }] of steps.entries()) {
      const [start, end] = [starts[step], step === 0 ? 4 : starts[step] + 1];
      const expected = all.get("layers.1").index(mx.Slice(), mx.Slice(start, end));
      expect(maxDifference(saved["layers.1"], expected)).toBeLessThan(1e-5);
      expect(saved["layers.0.selfAttn.pattern"].shape).toEqual([1, 4, end - start, end]);
      expect(saved.output.shape).toEqual([1, end - start, 19]);
    }
  });

  it("are saved under canonical names, and without the output unless it is asked for", async () => {
    const [step] = await stepsOf(model, prompt, { maxTokens: 1, save: "blocks.1.hook_resid_post" });
    expect(Object.keys(step.saved ?? {})).toEqual(["layers.1"]);
  });

  it.each([
    ["a number", 1, [1]],
    ["a list", [0, 2], [0, 2]],
    ["a range", { from: 2 }, [2, 3]],
    ["a function", (step: number) => step % 2 === 1, [1, 3]],
  ])("come in the steps that %s says", async (_, saveSteps, expected) => {
    const steps = await stepsOf(model, prompt, { maxTokens: 4, save: "layers.0", saveSteps });
    expect(steps.flatMap(({ saved }, step) => (saved ? [step] : []))).toEqual(expected);
  });

  it("change nothing of the text", async () => {
    const plain = await stepsOf(model, prompt, { maxTokens: 8 });
    const saving = await stepsOf(model, prompt, { maxTokens: 8, save: "**" });
    expect(tokensOf(saving)).toEqual(tokensOf(plain));
  });
});

describe("the end by a condition", () => {
  it("comes after the step for which it holds", async () => {
    const free = await stepsOf(model, prompt, { maxTokens: 8 });
    const steps = await stepsOf(model, prompt, {
      maxTokens: 8,
      until: ({ token }) => token === free[2].token,
    });
    expect(steps.at(-1)).toMatchObject({ token: free[2].token, finish: "until" });
  });
});

describe("a whole text", () => {
  it("is its steps together", async () => {
    const tiny = await loadModel("tiny");
    const steps = await stepsOf(tiny, "Mary and John went to the", { maxTokens: 5 });
    const text = await tiny.generateText("Mary and John went to the", { maxTokens: 5 });
    expect(text.tokens).toEqual(tokensOf(steps));
    expect(text.text).toBe(steps.map((step) => step.text).join(""));
    expect(text.finish).toBe(steps.at(-1)?.finish);
    const total = steps.reduce((sum, step) => sum + step.logProbability, 0);
    expect(text.logProbability).toBeCloseTo(total, 9);
  });
});
