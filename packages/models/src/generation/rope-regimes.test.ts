/** Rope scaling that depends on the length: generation with a cache equals passes over the whole text. */
import type { Interventions, SiteContext } from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import type { DecoderConfig } from "../decoder/config/config.js";
import type { RopeScaling } from "../decoder/config/rope-config.js";
import { smallConfig } from "../test-support/checkpoints.js";
import { rowsOf, stepsOf, tokensOf } from "../test-support/generation.js";
import { smallModel } from "../test-support/models.js";
import { maxDifference } from "../test-support/reference.js";

const originalMaxPositions = 8;

function scaledConfig(scale: (pairs: number) => RopeScaling): DecoderConfig {
  const { layers, ...rest } = smallConfig("llama");
  return {
    ...rest,
    layers: layers.map(({ attention, ...layer }) => {
      const { rope } = attention;
      if (!rope) throw new Error("the small model has rotary positions");
      const scaling = scale(rope.dims / 2);
      return { ...layer, attention: { ...attention, rope: { ...rope, scaling } } };
    }),
  };
}

const kinds: Record<string, (pairs: number) => RopeScaling> = {
  dynamic: () => ({ kind: "dynamic", factor: 3, originalMaxPositions }),
  longrope: (pairs) => ({
    kind: "longrope",
    shortFactors: new Array(pairs).fill(1),
    longFactors: Array.from({ length: pairs }, (_, pair) => 2 + pair),
    originalMaxPositions,
    attentionFactor: 1.1,
  }),
};

const triple = (x: MxArray, { offset }: SiteContext) => {
  const position = mx.arange(offset, offset + x.shape[1], 1, mx.int32).reshape([1, -1, 1]);
  return mx.where(mx.equal(position, mx.array(6, mx.int32)), mx.multiply(x, 3), x);
};
const changes: Record<string, Interventions> = {
  nothing: {},
  "one position": { "layers.0": triple },
  patterns: { "layers.*.selfAttn.pattern": (x: MxArray) => mx.multiply(x, 0.5) },
};

describe.each(Object.entries(kinds))("generation across a change of %s scaling", (_, scale) => {
  const config = scaledConfig(scale);
  const model = smallModel(config);
  const prompt = [3, 1, 4, 1, 5];
  const maxTokens = 9; // from 5 to 14 positions

  it.each(Object.entries(changes))("equals passes without a cache, changing %s", async (_, own) => {
    const save = ["layers.1", "layers.0.selfAttn.pattern", "output"];
    const steps = await stepsOf(model, prompt, { interventions: own, maxTokens, save });
    const text = [...prompt];
    for (const [step, { token, logProbability, saved = {} }] of steps.entries()) {
      const pass = await model.run([text], { interventions: own, save });
      const logits = pass.get("output").index(0, -1);
      expect(token).toBe(Number(mx.argmax(logits).item()));
      const expected = mx.subtract(logits.index(token), mx.logsumexp(logits));
      expect(logProbability).toBeCloseTo(Number(expected.item()), 4);
      const from = step === 0 ? 0 : text.length - 1;
      const layer = pass.get("layers.1").index(mx.Slice(), mx.Slice(from, null));
      expect(maxDifference(saved["layers.1"], layer)).toBeLessThan(1e-4);
      const pattern = pass.get("layers.0.selfAttn.pattern");
      const rows = pattern.index(mx.Slice(), mx.Slice(), mx.Slice(from, null));
      expect(maxDifference(saved["layers.0.selfAttn.pattern"], rows)).toBeLessThan(1e-5);
      text.push(token);
    }
  });

  it("differs from a model that does not scale", async () => {
    const scaled = await stepsOf(model, prompt, { maxTokens });
    const plain = await stepsOf(smallModel(), prompt, { maxTokens });
    expect(scaled.at(-1)?.logProbability).not.toBeCloseTo(plain.at(-1)?.logProbability ?? 0, 3);
  });

  it("continues batches and prefixes like whole texts", async () => {
    const prefix = await model.readPrefix(prompt);
    const rests = [
      [9, 2, 6, 5],
      [7, 2, 6, 3],
    ];
    const rows = await rowsOf(model, rests, { prefix, maxTokens });
    for (const [row, rest] of rests.entries()) {
      const whole = await stepsOf(model, [...prompt, ...rest], { maxTokens });
      expect(tokensOf(rows[row])).toEqual(tokensOf(whole));
      expect(tokensOf(await stepsOf(model, rest, { prefix, maxTokens }))).toEqual(tokensOf(whole));
    }
  });

  it("lets texts that have ended for want of positions stand beside others", async () => {
    const full = Array.from({ length: 22 }, (_, index) => index % 19);
    const rows = await rowsOf(model, [full, full.slice(0, 20)], { maxTokens: 100 });
    expect(rows.map((steps) => steps.length)).toEqual([2, 4]);
  });

  it("refuses a prefix that interventions have changed, and caches filled at other lengths", async () => {
    const prefix = await model.readPrefix(prompt, { interventions: changes["one position"] });
    const attempt = stepsOf(model, [9, 2], { prefix: prefix.asItIs(), maxTokens });
    await expect(attempt).rejects.toThrow("Generate from the whole text");
    const cache = model.createCache();
    model.module.forward(mx.array([prompt], mx.int32), { cache });
    const more = mx.array([[1, 2, 3, 4]], mx.int32);
    expect(() => model.module.forward(more, { cache })).toThrow(InvalidArgumentError);
    expect(cache.length).toBe(5);
  });
});
