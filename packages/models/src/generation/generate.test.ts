/** Generation: equal to full recomputation, steerable at every step, and ending when it should. */
import {
  InvalidPromptError,
  type SiteContext,
  TokenRangeError,
  UnknownSiteError,
} from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { LanguageModel } from "../language-model/language-model.js";
import { smallConfig } from "../test-support/checkpoints.js";
import { smallDecoder, smallModel } from "../test-support/models.js";
import type { GenerateOptions, GenerationStep } from "./options.js";

const prompt = [3, 1, 4, 1];

async function collect(
  model: LanguageModel,
  options: GenerateOptions,
  ids: readonly number[] = prompt,
): Promise<GenerationStep[]> {
  const steps: GenerationStep[] = [];
  for await (const step of model.generate(ids, options)) steps.push(step);
  return steps;
}

const tokensOf = (steps: readonly GenerationStep[]) => steps.map(({ token }) => token);

/** The most likely next token of a full forward, with log-probability. */
async function recompute(
  model: LanguageModel,
  ids: readonly number[],
  change?: (x: MxArray) => MxArray,
) {
  const interventions = change && { "layers.0.mlp": change };
  const logits = (await model.run([ids], { interventions })).get("output").index(0, -1);
  const values = toFlat(mx.subtract(logits, mx.logsumexp(logits)));
  const token = values.indexOf(Math.max(...values));
  return { token, logProbability: values[token] };
}

for (const style of ["llama", "gpt2"] as const) {
  describe(`greedy generation of a ${style} model`, () => {
    const model = smallModel(smallConfig(style));

    it("equals a full forward over the whole text at every step", async () => {
      const text = [...prompt];
      for (const { token, logProbability, position } of await collect(model, { maxTokens: 8 })) {
        const expected = await recompute(model, text);
        expect(token).toBe(expected.token);
        expect(logProbability).toBeCloseTo(expected.logProbability, 4);
        expect(position).toBe(text.length);
        text.push(token);
      }
      expect(text.length).toBe(12);
    });

    it("equals it under interventions too", async () => {
      const double = (x: MxArray) => mx.multiply(x, 2);
      const text = [...prompt];
      const steps = await collect(model, {
        maxTokens: 6,
        interventions: { "layers.0.mlp": double },
      });
      for (const { token } of steps) {
        expect(token).toBe((await recompute(model, text, double)).token);
        text.push(token);
      }
      expect(tokensOf(steps)).not.toEqual(tokensOf(await collect(model, { maxTokens: 6 })));
    });
  });
}

describe("interventions while generating", () => {
  it("are told the step and the absolute position of what they see", async () => {
    const seen: Pick<SiteContext, "offset" | "step">[] = [];
    const watch = (x: MxArray, { offset, step }: SiteContext) => {
      seen.push({ offset, step });
      return x;
    };
    await collect(smallModel(), { maxTokens: 3, interventions: { "layers.1": watch } });
    expect(seen).toEqual([
      { offset: 0, step: 0 },
      { offset: 4, step: 1 },
      { offset: 5, step: 2 },
    ]);
  });

  it("are those of an edited view", async () => {
    const model = smallModel();
    const force = { output: (x: MxArray) => mx.where(mx.equal(mx.arange(0, 19), 7), 100, x) };
    expect(tokensOf(await collect(model.edit(force), { maxTokens: 3 }))).toEqual([7, 7, 7]);
  });

  it("must name sites that exist", async () => {
    const interventions = { "layers.0.mpl": (x: MxArray) => x };
    await expect(collect(smallModel(), { interventions })).rejects.toThrow(UnknownSiteError);
  });
});

describe("sampled generation", () => {
  const model = smallModel();

  it("repeats itself from the same seed and differs from another", async () => {
    const text = async (seed: number) =>
      tokensOf(await collect(model, { maxTokens: 12, temperature: 2, seed }));
    expect(await text(1)).toEqual(await text(1));
    expect(await text(1)).not.toEqual(await text(2));
  });

  it("is greedy when only one token is left to choose from", async () => {
    const greedy = tokensOf(await collect(model, { maxTokens: 8 }));
    expect(tokensOf(await collect(model, { maxTokens: 8, temperature: 1, topK: 1 }))).toEqual(
      greedy,
    );
    expect(tokensOf(await collect(model, { maxTokens: 8, temperature: 1, topP: 1e-9 }))).toEqual(
      greedy,
    );
  });

  it("reports the model's own log-probability whatever the temperature", async () => {
    const text = [...prompt];
    for (const { token, logProbability } of await collect(model, {
      maxTokens: 4,
      temperature: 3,
    })) {
      const logits = (await model.run([text])).get("output").index(0, -1);
      const expected = toFlat(mx.subtract(logits, mx.logsumexp(logits)))[token];
      expect(logProbability).toBeCloseTo(expected, 4);
      text.push(token);
    }
  });
});

describe("the end of a text", () => {
  const model = smallModel();

  it("is named", async () => {
    const steps = await collect(model, { maxTokens: 3 });
    expect(steps.map(({ finish }) => finish)).toEqual([undefined, undefined, "maxTokens"]);
  });

  it("comes with a token that was asked for", async () => {
    const free = tokensOf(await collect(model, { maxTokens: 8 }));
    const stop = free[3];
    const steps = await collect(model, { maxTokens: 8, stop: [stop] });
    expect(tokensOf(steps)).toEqual(free.slice(0, free.indexOf(stop) + 1));
    expect(steps.at(-1)?.finish).toBe("stop");
  });

  it("comes with the model's own mark", async () => {
    const [first] = await collect(model, { maxTokens: 1 });
    const config = smallConfig("llama");
    const ending = new LanguageModel(smallDecoder(config), { config, eosTokens: [first.token] });
    const steps = await collect(ending, { maxTokens: 8 });
    expect(steps).toMatchObject([{ token: first.token, text: "", finish: "eos" }]);
    const all = await collect(ending, { maxTokens: 8, ignoreEos: true });
    expect(tokensOf(all)).toEqual(tokensOf(await collect(model, { maxTokens: 8 })));
  });

  it("comes when every position is taken", async () => {
    const steps = await collect(model, { maxTokens: 100 });
    expect(steps.at(-1)).toMatchObject({ position: 23, finish: "maxPositions" });
    expect(steps).toHaveLength(20);
  });

  it("comes when the signal says so", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const read = async () => {
      for await (const { position } of model.generate(prompt, { signal: controller.signal })) {
        if (position === 6) controller.abort(reason);
      }
    };
    await expect(read()).rejects.toBe(reason);
  });
});

describe("what cannot be continued", () => {
  const model = smallModel();
  const attempt = (ids: Parameters<LanguageModel["generate"]>[0], options: GenerateOptions = {}) =>
    model.generate(ids, options).next();

  it("is an error", async () => {
    await expect(attempt([[1], [2]])).rejects.toThrow(InvalidPromptError);
    await expect(attempt([[]])).rejects.toThrow(InvalidPromptError);
    await expect(attempt(undefined as never)).rejects.toThrow(InvalidPromptError);
    await expect(attempt([1, 19])).rejects.toThrow(TokenRangeError);
    await expect(attempt(new Array(24).fill(1))).rejects.toThrow(/nothing can follow/);
    await expect(attempt(new Array(25).fill(1))).rejects.toThrow(InvalidPromptError);
  });

  it("includes options that mean nothing", async () => {
    const wrong: GenerateOptions[] = [
      { maxTokens: 0 },
      { temperature: -1 },
      { temperature: 1, topK: 0 },
      { temperature: 1, topP: 1.5 },
      { stop: -1 },
      { stop: ["end", 19] },
      { stop: Number.NaN },
    ];
    for (const options of wrong) {
      await expect(attempt(prompt, options)).rejects.toThrow(InvalidArgumentError);
    }
  });
});
