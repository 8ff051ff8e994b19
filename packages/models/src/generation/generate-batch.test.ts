/** Several prompts at once: every text is what its prompt alone gives, whatever stands beside it. */
import { InvalidPromptError, type SiteContext } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { LanguageModel } from "../language-model/language-model.js";
import { smallConfig } from "../test-support/checkpoints.js";
import {
  generativeFamilies,
  loadFamily,
  rowsOf,
  someIds,
  stepsOf,
  tokensOf,
} from "../test-support/generation.js";
import { smallDecoder, smallModel } from "../test-support/models.js";
import { maxDifference } from "../test-support/reference.js";

/** Of different lengths, one longer than the sliding windows. */
const prompts = [someIds(3, 1), someIds(11, 2), someIds(1, 3), someIds(7, 4)];
const options = { maxTokens: 10, ignoreEos: true };

describe.each(generativeFamilies)("a batch of prompts of different length in %s", (name) => {
  const loaded = loadFamily(name);

  it("continues each greedily as if it were alone", async () => {
    const model = await loaded;
    const rows = await rowsOf(model, prompts, options);
    for (const [row, prompt] of prompts.entries()) {
      const alone = await stepsOf(model, prompt, options);
      expect(tokensOf(rows[row])).toEqual(tokensOf(alone));
      for (const [step, { logProbability, position, finish }] of alone.entries()) {
        expect(rows[row][step].logProbability).toBeCloseTo(logProbability, 4);
        expect(rows[row][step]).toMatchObject({ position, finish });
      }
    }
  });

  it("draws each from a seed of its own", async () => {
    const model = await loaded;
    const sampling = { ...options, temperature: 0.8, topK: 20, seed: 5 };
    const rows = await rowsOf(model, prompts, sampling);
    for (const [row, prompt] of prompts.entries()) {
      const alone = await stepsOf(model, prompt, { ...sampling, seed: 5 + row });
      expect(tokensOf(rows[row])).toEqual(tokensOf(alone));
    }
  });

  it("lets attention and mixing be changed at every step", async () => {
    const model = await loaded;
    const site = name === "mamba" ? "layers.*.mixer.post" : "layers.*.selfAttn.pattern";
    const halve = { [site]: (x: MxArray) => mx.multiply(x, 0.5) };
    const rows = await rowsOf(model, prompts, { ...options, interventions: halve });
    for (const [row, prompt] of prompts.entries()) {
      const text = [...prompt, ...tokensOf(rows[row])];
      const logits = (await model.run([text], { interventions: halve })).get("output");
      for (const [step, { token, logProbability }] of rows[row].entries()) {
        const before = logits.index(0, prompt.length + step - 1);
        const expected = mx.subtract(before.index(token), mx.logsumexp(before));
        expect(logProbability).toBeCloseTo(Number(expected.item()), 3);
      }
    }
  });

  it("saves for each what it would save alone", async () => {
    const model = await loaded;
    const mixer = name === "mamba" ? "layers.*.mixer.post" : "layers.*.selfAttn.pattern";
    const saving = { maxTokens: 4, ignoreEos: true, save: ["layers.*", mixer, "output"] };
    const rows = await rowsOf(model, prompts, saving);
    for (const [row, prompt] of prompts.entries()) {
      const alone = await stepsOf(model, prompt, saving);
      for (const [step, { saved = {} }] of alone.entries()) {
        for (const [site, expected] of Object.entries(saved)) {
          const received = rows[row][step].saved?.[site] ?? mx.zeros([0]);
          expect(maxDifference(received, expected), `${site}, step ${step}`).toBeLessThan(1e-4);
        }
        expect(Object.keys(rows[row][step].saved ?? {})).toEqual(Object.keys(saved));
      }
    }
  });
});

describe("texts of a batch", () => {
  const model = smallModel();

  it("end one by one", async () => {
    const [first, second] = await rowsOf(model, [[3, 1, 4], [1]], { maxTokens: 8 });
    const stop = second[2].token;
    const lengths = [first, second].map((steps) => tokensOf(steps).indexOf(stop));
    const ended = await rowsOf(model, [[3, 1, 4], [1]], { maxTokens: 8, stop });
    expect(ended.map((steps) => steps.length)).toEqual(
      lengths.map((index) => (index < 0 ? 8 : index + 1)),
    );
    expect(ended[1].at(-1)?.finish).toBe("stop");
  });

  it("are undefined once they have ended, until all have", async () => {
    const longest = Array.from({ length: 20 }, (_, index) => index % 19);
    const rows: boolean[][] = [];
    for await (const step of model.generateBatch([longest, [1]], { maxTokens: 100 })) {
      rows.push(step.rows.map((row) => row !== undefined));
      expect(step.step).toBe(rows.length - 1);
    }
    expect(rows.map(([first]) => first)).toEqual(rows.map((_, step) => step < 4));
    expect(rows.map(([, second]) => second)).toEqual(rows.map(() => true));
    expect(rows).toHaveLength(23);
  });

  it.each(["llama", "gpt2"] as const)(
    "outlive one that has filled every position of %s",
    async (style) => {
      const small = smallModel(smallConfig(style));
      const longest = Array.from({ length: 22 }, (_, index) => index % 19);
      const [full, short] = await rowsOf(small, [longest, [1, 2]], { maxTokens: 100 });
      expect(full.at(-1)?.finish).toBe("maxPositions");
      expect(tokensOf(short)).toEqual(tokensOf(await stepsOf(small, [1, 2], { maxTokens: 100 })));
    },
  );

  it("end at the model's own mark without disturbing the others", async () => {
    const [free] = await rowsOf(model, [[3, 1, 4]], { maxTokens: 2 });
    const config = smallConfig("llama");
    const ending = new LanguageModel(smallDecoder(config), { config, eosTokens: [free[1].token] });
    const prompts = [[3, 1, 4], [5, 6], [7]];
    const rows = await rowsOf(ending, prompts, { maxTokens: 12 });
    for (const [row, prompt] of prompts.entries()) {
      expect(tokensOf(rows[row])).toEqual(
        tokensOf(await stepsOf(ending, prompt, { maxTokens: 12 })),
      );
    }
  });

  it("need a prompt each", async () => {
    await expect(rowsOf(model, [[1], []])).rejects.toThrow(InvalidPromptError);
    await expect(rowsOf(model, [[1], new Array(24).fill(1)])).rejects.toThrow(/nothing can follow/);
  });
});

describe("interventions on a batch", () => {
  it("are told the prompts, on which side they are padded, and the column", async () => {
    const seen: unknown[] = [];
    const watch = (x: MxArray, { offset, step, tokens }: SiteContext) => {
      seen.push([offset, step, tokens?.lengths, tokens?.padding, tokens?.array.shape]);
      return x;
    };
    const interventions = { "layers.1": watch };
    await rowsOf(smallModel(), [[1, 2, 3], [4]], { maxTokens: 3, interventions });
    expect(seen).toEqual([
      [0, 0, [3, 1], "left", [2, 3]],
      [3, 1, [3, 1], "left", [2, 1]],
      [4, 2, [3, 1], "left", [2, 1]],
    ]);
  });
});
