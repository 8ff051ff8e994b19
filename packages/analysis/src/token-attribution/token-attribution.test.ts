/** Token attribution: the completeness axiom, a closed form, and what it refuses. */
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import type { TokenResult } from "./result.js";
import { tokenAttribution } from "./token-attribution.js";

const prompt = [5, 17, 2, 25, 9];
const reference = [[5, 30, 2, 17, 9]];
const question = { answer: 3, wrongAnswer: 8 };

describe.each([
  ["Llama", llamaLike],
  ["GPT-2", gpt2Like],
] as const)("a model like %s", (_, given) => {
  const config = given as typeof llamaLike;
  const model = new LanguageModel(initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 }), { config }); // biome-ignore format: one call
  const ask = async (options: object = {}) =>
    ((await tokenAttribution(model, [prompt], { ...question, ...options })) as TokenResult[])[0];

  it("adds up to the difference between prompt and baseline, the nearer the more steps", async () => {
    const lead = async (ids: number[]) => {
      const logits = toFlat((await model.run([ids])).last("output"));
      return logits[3] - logits[8];
    };
    const gaps = [];
    for (const steps of [2, 64]) {
      const { tables, grids } = await ask({ reference, steps });
      const [{ value, baseline, total, gap }] = tables.completeness.rows;
      expect(value).toBeCloseTo(await lead(prompt), 4);
      expect(baseline).toBeCloseTo(await lead(reference[0]), 4);
      expect(total).toBeCloseTo(
        [...grids.attribution.values].reduce((a, b) => a + b, 0),
        4,
      );
      expect(gap).toBeCloseTo(total - (value - baseline), 5);
      for (const same of [0, 2, 4]) expect(grids.attribution.values[same]).toBeCloseTo(0, 6); // those tokens are the same
      gaps.push(Math.abs(gap));
    }
    expect(gaps[1]).toBeLessThan(2e-3);
    expect(gaps[1]).toBeLessThan(gaps[0] + 1e-3);
  });

  it("is the embedding times the gradient, written out", async () => {
    const { grids } = await ask({ scoring: "gradient-input" });
    const metric = (output: ReturnType<typeof mx.array>) => mx.subtract(output.index(0, -1, 3), output.index(0, -1, 8)); // biome-ignore format: one line
    const { gradients, values } = await model.gradients([prompt], metric, { save: "embedTokens", values: true }); // biome-ignore format: one call
    const expected = toFlat(mx.sum(mx.multiply(gradients.get("embedTokens"), values.get("embedTokens")), -1)); // biome-ignore format: one line
    grids.attribution.values.forEach((value, at) => {
      expect(value).toBeCloseTo(Number(expected[at]), 4);
    });
  });
});

it("tells where tokens do not add up, and refuses references that do not fit", async () => {
  const config = llamaLike;
  const model = new LanguageModel(initializeWeights(new Decoder(config), { seed: 5, deviation: 0.35 }), { config }); // biome-ignore format: one call
  const rough = (await tokenAttribution(model, [prompt], {
    ...question,
    steps: 1,
  })) as TokenResult[];
  expect(rough[0].notes.map(({ code }) => code)).toContain("INCOMPLETE");
  const other = (given: number[][]) => tokenAttribution(model, [prompt], { ...question, reference: given }); // biome-ignore format: one call
  await expect(other([[1, 2]])).rejects.toMatchObject({ code: "UNEQUAL_LENGTH" });
  await expect(other([prompt, prompt])).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});
