/** A prefix that is read once: continuing it equals reading everything, and leaves it as it was. */
import { InvalidPromptError, type SiteContext, TokenRangeError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import {
  ClosedPrefixError,
  type GenerationStep,
  loadModel,
  PrefixMismatchError,
} from "../index.js";
import {
  generativeFamilies,
  loadFamily,
  rowsOf,
  someIds,
  stepsOf,
  tokensOf,
} from "../test-support/generation.js";
import { smallModel } from "../test-support/models.js";
import { maxDifference } from "../test-support/reference.js";

const ids = someIds(10);
const options = { maxTokens: 8, ignoreEos: true };

/** Puts zeros at an absolute position of every row. */
const removeAt =
  (position: number) =>
  (x: MxArray, { offset, tokens }: SiteContext) => {
    const lengths = tokens?.lengths ?? [];
    const pads = lengths.map((length) => Math.max(...lengths) - length);
    const hit = pads.map((count) =>
      Array.from({ length: x.shape[1] }, (_, column) => offset + column - count === position),
    );
    return mx.where(mx.array(hit, mx.bool).reshape([-1, x.shape[1], 1]), mx.zerosLike(x), x);
  };

describe.each(generativeFamilies)("a prefix read by %s", (name) => {
  const loaded = loadFamily(name);

  it("is continued like the whole text, by any number of texts", async () => {
    const model = await loaded;
    const prefix = await model.readPrefix(ids.slice(0, 8));
    const rests = [ids.slice(8), [], someIds(5, 7)];
    const wholes: GenerationStep[][] = [];
    for (const rest of rests) {
      wholes.push(await stepsOf(model, [...ids.slice(0, 8), ...rest], options));
    }
    for (const index of [0, 1, 2, 0]) {
      const [rest, whole] = [rests[index], wholes[index]];
      const continued = await stepsOf(model, rest, { ...options, prefix });
      expect(tokensOf(continued)).toEqual(tokensOf(whole));
      expect(continued.map(({ position }) => position)).toEqual(
        whole.map(({ position }) => position),
      );
    }
  });

  it.each([
    ["shorter", ids.slice(0, 2)],
    ["longer", someIds(13, 5)],
  ])("and %s than what follows it is continued by a whole batch", async (_, first) => {
    const model = await loaded;
    const prefix = await model.readPrefix(first);
    const rests = [ids.slice(8), someIds(7, 7), someIds(1, 3)];
    const rows = await rowsOf(model, rests, { ...options, prefix });
    for (const [row, rest] of rests.entries()) {
      const whole = await stepsOf(model, [...first, ...rest], options);
      expect(tokensOf(rows[row])).toEqual(tokensOf(whole));
      for (const [step, { logProbability, position, finish }] of whole.entries()) {
        expect(rows[row][step].logProbability).toBeCloseTo(logProbability, 4);
        expect(rows[row][step]).toMatchObject({ position, finish });
      }
    }
  });

  it("keeps for each text of a batch what it would keep alone", async () => {
    const model = await loaded;
    const prefix = await model.readPrefix(ids.slice(0, 6));
    const site = name === "mamba" ? "layers.*.mixer.state" : "layers.*.selfAttn.{pattern,z}";
    const saving = { maxTokens: 3, ignoreEos: true, save: ["layers.*", site], prefix };
    const rests = [ids.slice(8), someIds(6, 7)];
    const rows = await rowsOf(model, rests, saving);
    for (const [row, rest] of rests.entries()) {
      for (const [step, { saved = {} }] of (await stepsOf(model, rest, saving)).entries()) {
        const received = rows[row][step].saved ?? {};
        expect(Object.keys(received)).toEqual(Object.keys(saved));
        for (const [key, expected] of Object.entries(saved)) {
          expect(maxDifference(received[key], expected), `${key}, ${step}`).toBeLessThan(1e-4);
        }
      }
    }
  });
});

describe("a prefix longer than a window", () => {
  it("can be read so that patterns over it may be changed afterwards", async () => {
    const model = await loadFamily("mistral");
    const site = "layers.*.selfAttn.pattern";
    const halve = { [site]: (x: MxArray) => mx.multiply(x, 0.5) };
    const halveLater = {
      [site]: (x: MxArray, { offset }: SiteContext) => {
        const queries = mx.arange(offset, offset + x.shape[2], 1, mx.int32).reshape([1, 1, -1, 1]);
        return mx.where(mx.greaterEqual(queries, mx.array(8, mx.int32)), mx.multiply(x, 0.5), x);
      },
    };
    const prefix = await model.readPrefix(ids.slice(0, 8), { sliding: false });
    const whole = await stepsOf(model, ids, { ...options, interventions: halveLater });
    const rest = await stepsOf(model, ids.slice(8), {
      ...options,
      interventions: halve,
      prefix: prefix.asItIs(),
    });
    expect(tokensOf(rest)).toEqual(tokensOf(whole));
  });
});

describe("a prefix", () => {
  const model = smallModel();

  it("may be continued by two texts at once", async () => {
    const prefix = await model.readPrefix([3, 1, 4]);
    const texts = [[1, 5], [9]].map((rest) => model.generate(rest, { maxTokens: 4, prefix }));
    const tokens: number[][] = [[], []];
    for (let step = 0; step < 4; step++) {
      for (const [row, text] of texts.entries()) {
        const { value } = await text.next();
        if (value) tokens[row].push(value.token);
      }
    }
    for (const [row, rest] of [[1, 5], [9]].entries()) {
      const whole = await stepsOf(model, [3, 1, 4, ...rest], { maxTokens: 4 });
      expect(tokens[row]).toEqual(tokensOf(whole));
    }
  });

  it("may be continued without addition by several draws at once", async () => {
    const prefix = await model.readPrefix([3, 1, 4]);
    const draws = { maxTokens: 6, temperature: 2, seed: 4 };
    const rows = await rowsOf(model, [[], [], []], { ...draws, prefix });
    for (const [row, steps] of rows.entries()) {
      const alone = await stepsOf(model, [3, 1, 4], { ...draws, seed: 4 + row });
      expect(tokensOf(steps)).toEqual(tokensOf(alone));
    }
    const mixed = rowsOf(model, [[1], []], { prefix: prefix.asItIs() });
    await expect(mixed).rejects.toThrow("Prompt 1 adds nothing");
  });

  it("tells interventions on a batch where the rows stand", async () => {
    const interventions = { "layers.0": removeAt(4) };
    const prefix = await model.readPrefix([3, 1, 4]);
    const rests = [[1, 5, 9], [2]]; // position 4 is read with the prompt in one, and generated in the other
    const given = { interventions, maxTokens: 4 };
    const rows = await rowsOf(model, rests, { ...given, prefix: prefix.asItIs() });
    for (const [row, rest] of rests.entries()) {
      const expected = await stepsOf(model, [3, 1, 4, ...rest], given);
      expect(tokensOf(rows[row])).toEqual(tokensOf(expected));
      for (const [step, { logProbability }] of expected.entries()) {
        expect(rows[row][step].logProbability).toBeCloseTo(logProbability, 4);
      }
      const unchanged = await stepsOf(model, [3, 1, 4, ...rest], { maxTokens: 4 });
      expect(expected[2].logProbability).not.toBeCloseTo(unchanged[2].logProbability, 4);
    }
  });

  it("may itself begin with a prefix", async () => {
    const first = await model.readPrefix([3, 1]);
    const second = await model.readPrefix([4, 1], { prefix: first });
    expect(second.ids).toEqual([3, 1, 4, 1]);
    const continued = await stepsOf(model, [5], { maxTokens: 4, prefix: second });
    expect(tokensOf(continued)).toEqual(
      tokensOf(await stepsOf(model, [3, 1, 4, 1, 5], { maxTokens: 4 })),
    );
  });

  it("counts for repetition, and for the room there is", async () => {
    const prefix = await model.readPrefix([3, 1, 4]);
    const penalty = { maxTokens: 6, repetitionPenalty: 3 };
    expect(tokensOf(await stepsOf(model, [1], { ...penalty, prefix }))).toEqual(
      tokensOf(await stepsOf(model, [3, 1, 4, 1], penalty)),
    );
    const full = model.generate(new Array(21).fill(1), { prefix }).next();
    await expect(full).rejects.toThrow(InvalidPromptError);
  });

  it("keeps the activations and the interventions it was read with", async () => {
    const seen: number[] = [];
    const double = (x: MxArray, { offset }: SiteContext) => {
      seen.push(offset);
      return mx.multiply(x, 2);
    };
    const interventions = { "layers.0": double };
    const save = "layers.1";
    const prefix = await model.readPrefix([3, 1, 4], { interventions, save });
    const expected = (await model.run([[3, 1, 4]], { interventions, save })).get("layers.1");
    expect(maxDifference(prefix.saved["layers.1"], expected)).toBe(0);
    seen.length = 0;
    const whole = await stepsOf(model, [3, 1, 4, 1], { interventions, maxTokens: 3 });
    expect(tokensOf(await stepsOf(model, [1], { interventions, prefix, maxTokens: 3 }))).toEqual(
      tokensOf(whole),
    );
    expect(seen).toEqual([0, 4, 5, 3, 4, 5]);
  });

  it("is of one model and its edits", async () => {
    const interventions = { "layers.0": (x: MxArray) => mx.multiply(x, 2) };
    const prefix = await model.readPrefix([3, 1, 4]);
    const edited = model.edit(interventions);
    const other = smallModel();
    for (const wrong of [edited, other]) {
      const attempt = wrong.generate([1], { prefix }).next();
      await expect(attempt).rejects.toThrow(PrefixMismatchError);
    }
    const own = await edited.readPrefix([3, 1, 4]);
    expect(tokensOf(await stepsOf(edited, [1], { prefix: own, maxTokens: 3 }))).toEqual(
      tokensOf(await stepsOf(edited, [3, 1, 4, 1], { maxTokens: 3 })),
    );
  });

  it("is of no use once it is disposed, but texts that have begun go on", async () => {
    const prefix = await model.readPrefix([3, 1, 4]);
    const text = model.generate([1], { prefix, maxTokens: 3 });
    await text.next();
    prefix.dispose();
    expect((await text.next()).done).toBe(false);
    await expect(model.generate([1], { prefix }).next()).rejects.toThrow(ClosedPrefixError);
    expect(() => prefix.saved).toThrow(ClosedPrefixError);
  });

  it("is checked like any prompt", async () => {
    await expect(model.readPrefix([])).rejects.toThrow(InvalidPromptError);
    await expect(model.readPrefix([19])).rejects.toThrow(TokenRangeError);
    const prefix = await model.readPrefix([1]);
    await expect(model.generate([19], { prefix }).next()).rejects.toThrow(TokenRangeError);
  });

  it("is continued by words without a mark of their own", async () => {
    const tiny = await loadModel("tiny");
    const prefix = await tiny.readPrefix("Mary and John went to the");
    const whole = await tiny.generateText("Mary and John went to the park . John gave", {
      maxTokens: 5,
    });
    const rest = await tiny.generateText(" park . John gave", { maxTokens: 5, prefix });
    expect(rest.tokens).toEqual(whole.tokens);
    const nothing = await tiny.generateText("", { maxTokens: 5, prefix });
    expect(nothing).toEqual(await tiny.generateText("Mary and John went to the", { maxTokens: 5 }));
  });
});
