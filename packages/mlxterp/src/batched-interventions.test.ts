/** Built-in interventions on batches of prompts of different length: each row as if its prompt were alone. */
import {
  addVector,
  atKeys,
  atPositions,
  type Interventions,
  loadModel,
  replaceWith,
  scale,
  zeroOut,
} from "mlxterp";
import { describe, expect, it } from "vitest";

const prompts = [
  "Mary and John went to the park . John gave a ball to",
  "the capital of France is",
  "Anna and Paul",
];
const options = { maxTokens: 6, ignoreEos: true };

const model = await loadModel("tiny");
const wave = Array.from({ length: model.config.hidden }, (_, index) => Math.sin(index));

const cases: Record<string, Interventions> = {
  "the prompt's last token": { "layers.1": atPositions(-1, scale(-3)) },
  "token 3, in the prompt or not": { "layers.1": atPositions(3, zeroOut()) },
  "a generated token": { "layers.1": atPositions(7, zeroOut()) },
  "the last token and all that follow": { "layers.2": atPositions({ from: -1 }, scale(2)) },
  "a key": { "layers.*.selfAttn.scores": atKeys(0, replaceWith(-1e9)) },
  "the last token's look at a key": {
    "layers.*.selfAttn.pattern": atPositions(-1, atKeys(1, zeroOut())),
  },
  everything: { "layers.0": addVector(wave) },
};

type Numbers = { tokens: number[]; logProbabilities: number[] };

async function alone(prompt: string, interventions: Interventions): Promise<Numbers> {
  const { tokens, logProbabilities } = { tokens: [] as number[], logProbabilities: [] as number[] };
  for await (const step of model.generate(prompt, { ...options, interventions })) {
    tokens.push(step.token);
    logProbabilities.push(step.logProbability);
  }
  return { tokens, logProbabilities };
}

async function together(interventions: Interventions): Promise<Numbers[]> {
  const texts = prompts.map((): Numbers => ({ tokens: [], logProbabilities: [] }));
  for await (const { rows } of model.generateBatch(prompts, { ...options, interventions })) {
    rows.forEach((step, row) => {
      if (!step) return;
      texts[row].tokens.push(step.token);
      texts[row].logProbabilities.push(step.logProbability);
    });
  }
  return texts;
}

describe("interventions while several prompts are continued", () => {
  it.each(Object.entries(cases))("act on %s of each", async (_, interventions) => {
    const texts = await together(interventions);
    expect(texts).not.toEqual(await together({}));
    for (const [row, prompt] of prompts.entries()) {
      const { tokens, logProbabilities } = await alone(prompt, interventions);
      expect(texts[row].tokens).toEqual(tokens);
      logProbabilities.forEach((value, step) => {
        expect(texts[row].logProbabilities[step]).toBeCloseTo(value, 4);
      });
    }
  });
});
