/** The decoder as a whole: its parameters, gradients, cache, padding and limits. */
import { InvalidArgumentError, listParameters, mx, nn, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { smallConfig } from "../../test-support/checkpoints.js";
import { smallDecoder } from "../../test-support/models.js";
import { maxDifference } from "../../test-support/reference.js";
import { KeyValueCache } from "../cache/cache.js";
import type { DecoderConfig } from "../config/config.js";
import { setParameters } from "../parameters.js";
import { maskedScore } from "../positions/pass.js";
import { Decoder } from "./decoder.js";
import { initializeWeights } from "./initialize.js";

const ids = mx.array([[3, 1, 4, 1, 5, 9, 2, 6]], mx.int32);

describe("a decoder's description", () => {
  it("refuses fields it does not know instead of ignoring them", () => {
    const config = { ...smallConfig("llama"), slidingWindow: 4 };
    expect(() => new Decoder(config)).toThrow(/slidingWindow/);
  });

  it("refuses unknown fields inside a layer", () => {
    const config = smallConfig("llama");
    const [layer] = config.layers;
    const attention = { ...layer.attention, headSize: 30 };
    expect(() => new Decoder({ ...config, layers: [{ ...layer, attention }] })).toThrow(/headSize/);
  });

  it("refuses contradictions", () => {
    const config = smallConfig("llama");
    const [layer] = config.layers;
    const withAttention = (change: object): DecoderConfig => ({
      ...config,
      layers: [{ ...layer, attention: { ...layer.attention, ...change } }],
    });
    expect(() => new Decoder(withAttention({ kvHeads: 3 }))).toThrow(/share 3/);
    const rope = { dims: 12, base: 10_000, interleaved: false };
    expect(() => new Decoder(withAttention({ rope }))).toThrow(/at most headDim = 8/);
    const { finalNorm: outputNorm, layers } = config;
    const twice = layers.map((layer) => ({ ...layer, outputNorm }));
    expect(() => new Decoder({ ...config, layers: twice })).toThrow(/excludes inputNorm/);
    const scaled = { ...config, embeddingWidth: 8, embeddingScale: 2 };
    expect(() => new Decoder(scaled)).toThrow(/exclude each other/);
    const { maxPositions: _, ...endless } = smallConfig("gpt2");
    expect(() => new Decoder(endless)).toThrow(/needs maxPositions/);
  });
});

describe("a decoder's parameters", () => {
  it("are its weights, under their sites, and nothing of the taps", () => {
    const names = [...listParameters(new Decoder(smallConfig("llama", 1))).keys()];
    expect(names).toEqual([
      "embedTokens.weight",
      "layers.0.inputNorm.weight",
      "layers.0.selfAttn.qProj.weight",
      "layers.0.selfAttn.kProj.weight",
      "layers.0.selfAttn.vProj.weight",
      "layers.0.selfAttn.oProj.weight",
      "layers.0.postAttentionNorm.weight",
      "layers.0.mlp.gateProj.weight",
      "layers.0.mlp.upProj.weight",
      "layers.0.mlp.downProj.weight",
      "finalNorm.weight",
      "lmHead.weight",
    ]);
  });

  it("are the same for the same seed and others for another", () => {
    const weights = (seed: number) =>
      listParameters(initializeWeights(new Decoder(smallConfig("gpt2")), { seed }));
    const [one, again, other] = [weights(1), weights(1), weights(2)];
    for (const [path, array] of one) expect(maxDifference(array, again.get(path)!)).toBe(0);
    const path = "layers.1.mlp.upProj.weight";
    expect(maxDifference(one.get(path)!, other.get(path)!)).toBeGreaterThan(0.01);
  });

  for (const style of ["llama", "gpt2"] as const) {
    it(`receive the gradients that finite differences give (${style})`, () => {
      const decoder = smallDecoder(smallConfig(style));
      const loss = (input: typeof ids) => mx.mean(mx.square(decoder.forward(input)));
      const [, gradients] = nn.valueAndGrad(decoder, loss)(ids);
      const byPath = listParameters(
        Object.assign(smallDecoder(smallConfig(style)), { parameters: () => gradients }),
      );
      expect([...byPath.keys()]).toEqual([...listParameters(decoder).keys()]);
      for (const [path, weight] of listParameters(decoder)) {
        const direction = mx.random.normal(weight.shape, mx.float32, 0, 1, mx.random.key(3));
        const at = (step: number) => {
          setParameters(decoder, [[path, mx.add(weight, mx.multiply(direction, step))]]);
          return Number(loss(ids).item());
        };
        const step = 1e-2 / Math.sqrt(weight.size);
        const slope = (at(step) - at(-step)) / (2 * step);
        setParameters(decoder, [[path, weight]]);
        const expected = Number(mx.sum(mx.multiply(byPath.get(path)!, direction)).item());
        expect(Math.abs(slope - expected)).toBeLessThan(0.02 * Math.abs(expected) + 0.05);
      }
    });
  }
});

for (const style of ["llama", "gpt2"] as const) {
  describe(`a ${style} decoder's passes`, () => {
    const decoder = smallDecoder(smallConfig(style));
    const whole = decoder.forward(ids);

    it("give the same logits piece by piece with a cache", () => {
      const cache = new KeyValueCache();
      const pieces = [3, 1, 4].map((length, index, lengths) => {
        const start = lengths.slice(0, index).reduce((sum, before) => sum + before, 0);
        return decoder.forward(ids.index(mx.Slice(), mx.Slice(start, start + length)), { cache });
      });
      expect(cache.length).toBe(8);
      expect(maxDifference(mx.concatenate(pieces, 1), whole)).toBeLessThan(1e-5);
    });

    it("give the last position's logits alone when asked for", () => {
      const last = decoder.forward(ids, { lastOnly: true });
      expect(last.shape).toEqual([1, 1, 19]);
      expect(maxDifference(last, whole.index(mx.Slice(), mx.Slice(-1, null)))).toBeLessThan(1e-5);
    });

    it("give a prompt padded on the left the logits it has alone", () => {
      const padded = mx.concatenate([mx.zeros([1, 3], mx.int32), ids], 1);
      const masked = maskedScore(mx.float32);
      const mask = mx.array([...new Array(3).fill(masked), ...new Array(8).fill(0)]);
      const positions = [[0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7]];
      const logits = decoder.forward(padded, { mask: mask.reshape([1, 1, 1, 11]), positions });
      expect(maxDifference(logits.index(mx.Slice(), mx.Slice(3, null)), whole)).toBeLessThan(1e-5);
    });

    it("give every prompt of a batch the logits it has alone", () => {
      const batch = decoder.forward(
        mx.concatenate([mx.subtract(18, ids).astype(mx.int32), ids], 0),
      );
      expect(maxDifference(batch.index(mx.Slice(1, 2)), whole)).toBeLessThan(1e-5);
    });

    it("refuse sequences beyond the last position", () => {
      const long = mx.zeros([1, 25], mx.int32);
      expect(() => decoder.forward(long)).toThrow(InvalidArgumentError);
      expect(() => decoder.forward(ids, { positions: [[17, 18, 19, 20, 21, 22, 23, 24]] })).toThrow(
        /25 tokens exceeds this model's 24/,
      );
      const wrong = { positions: [[-1, 0, 1, 2, 3, 4, 5, 6]] };
      expect(() => decoder.forward(ids, wrong)).toThrow(/position -1/);
    });

    it("are all finite", () => {
      expect(toFlat(whole).every(Number.isFinite)).toBe(true);
    });
  });
}
