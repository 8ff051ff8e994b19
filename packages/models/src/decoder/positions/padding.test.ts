/** Prompts padded on the left against each prompt alone, in one pass and through a cache. */
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { smallConfig } from "../../test-support/checkpoints.js";
import { padLeft } from "../../test-support/left-padding.js";
import { smallDecoder, smallModel } from "../../test-support/models.js";
import { maxDifference } from "../../test-support/reference.js";
import { KeyValueCache } from "../cache/cache.js";
import type { AttentionConfig, DecoderConfig } from "../config/config.js";
import type { Decoder } from "../model/decoder.js";
import { realTokens } from "./padding.js";

const prompts = [[3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1], [8], [2, 8, 1, 8, 2]];
const later = [
  [5, 3],
  [8, 9],
  [7, 9],
  [3, 2],
];

function withAttention(change: Partial<AttentionConfig>): DecoderConfig {
  const { layers, ...rest } = smallConfig("llama");
  const changed = layers.map((layer) => ({
    ...layer,
    attention: { ...layer.attention, ...change },
  }));
  return { ...rest, layers: changed };
}

const kinds: Record<string, DecoderConfig> = {
  "rotary positions and grouped queries": smallConfig("llama"),
  "learned positions": smallConfig("gpt2"),
  "learned positions that start later": { ...smallConfig("gpt2"), positionOffset: 2 },
  "a window": withAttention({ window: 3 }),
  "a window in one layer": {
    ...smallConfig("llama"),
    layers: smallConfig("llama").layers.map((layer, index) => ({
      ...layer,
      attention: { ...layer.attention, ...(index === 0 && { window: 3 }) },
    })),
  },
  "a soft cap": withAttention({ softCap: 2 }),
  sinks: withAttention({ sinks: true }),
  alibi: withAttention({ rope: undefined, alibi: { factor: 1, rounded: false } }),
};

const row = (x: MxArray, index: number) => x.index(mx.Slice(index, index + 1));
const real = (x: MxArray, index: number, pads: number) =>
  row(x, index).index(mx.Slice(), mx.Slice(pads, null));

function expectRowsAlone(decoder: Decoder): void {
  const { ids, padding } = padLeft(prompts);
  const cache = new KeyValueCache();
  const first = decoder.forward(ids, { cache, padding });
  const next = later[0].map((_, step) =>
    decoder.forward(
      mx.array(
        later.map((tokens) => [tokens[step]]),
        mx.int32,
      ),
      { cache },
    ),
  );
  const plain = decoder.forward(ids, { padding });
  expect(toFlat(first).every(Number.isFinite)).toBe(true);
  expect(maxDifference(first, plain)).toBeLessThan(1e-5);
  for (const [index, prompt] of prompts.entries()) {
    const whole = mx.array([[...prompt, ...later[index]]], mx.int32);
    const alone = decoder.forward(whole);
    const together = mx.concatenate(
      [real(first, index, padding[index]), ...next.map((logits) => row(logits, index))],
      1,
    );
    expect(maxDifference(together, alone)).toBeLessThan(1e-5);
  }
}

describe("prompts padded on the left", () => {
  for (const [name, config] of Object.entries(kinds)) {
    it(`have the logits that each has alone, and continue so, with ${name}`, () => {
      expectRowsAlone(smallDecoder(config));
    });
  }

  it("compute no NaN anywhere, also in rows of pads", async () => {
    const model = smallModel(withAttention({ window: 2, sinks: true }));
    const { rows, padding } = padLeft(prompts);
    const cache = await model.run(rows, { save: ["**"], args: [{ padding }] });
    for (const [site, value] of cache.entries()) {
      expect(toFlat(value).every(Number.isFinite), site).toBe(true);
    }
  });

  it("give pads no weight in any pattern", async () => {
    const model = smallModel();
    const { rows, padding } = padLeft(prompts);
    const site = "layers.1.selfAttn.pattern";
    const pattern = (await model.run(rows, { save: [site], args: [{ padding }] })).get(site);
    const queries = mx.expandDims(realTokens(padding, 8, mx.float32), 1);
    const pads = mx.subtract(1, queries.swapaxes(-1, -2));
    expect(Number(mx.sum(mx.multiply(mx.multiply(pattern, queries), pads)).item())).toBe(0);
  });

  it("feel nothing of what an intervention does at pads", async () => {
    const model = smallModel();
    const { rows, padding } = padLeft(prompts);
    const pads = mx.subtract(1, realTokens(padding, 8, mx.float32));
    const disturb = (x: MxArray) => mx.add(x, mx.multiply(pads, 50));
    const args = [{ padding }];
    const plain = (await model.run(rows, { args })).get("output");
    const interventions = { "layers.0": disturb, embedTokens: disturb };
    const disturbed = (await model.run(rows, { args, interventions })).get("output");
    const apart = mx.multiply(mx.subtract(plain, disturbed), realTokens(padding, 8, mx.float32));
    expect(Number(mx.max(mx.abs(apart)).item())).toBe(0);
  });

  it("have gradients free of NaN", () => {
    const decoder = smallDecoder(withAttention({ window: 3 }));
    const { ids, padding } = padLeft(prompts);
    const loss = (weight: MxArray) => {
      decoder.embedTokens.weight = weight;
      return mx.sum(mx.square(decoder.forward(ids, { padding }).index(mx.Slice(), -1)));
    };
    const gradient = mx.grad(loss)(decoder.embedTokens.weight);
    expect(toFlat(gradient).every(Number.isFinite)).toBe(true);
  });

  it("may all have no pads", () => {
    const decoder = smallDecoder();
    const ids = mx.array([[3, 1, 4]], mx.int32);
    const cache = new KeyValueCache();
    const padded = decoder.forward(ids, { cache, padding: [0] });
    expect(maxDifference(padded, decoder.forward(ids))).toBe(0);
    expect(cache.padding).toBeUndefined();
  });

  it("count towards the model's positions only with their real tokens", () => {
    const decoder = smallDecoder();
    const ids = mx.zeros([2, 26], mx.int32);
    expect(() => decoder.forward(ids, { padding: [2, 3] })).not.toThrow();
    expect(() => decoder.forward(ids, { padding: [2, 1] })).toThrow(/25 tokens exceeds/);
  });
});

describe("padding that cannot be", () => {
  const decoder = smallDecoder();
  const ids = mx.array(
    [
      [0, 1, 2],
      [0, 0, 1],
    ],
    mx.int32,
  );
  const refused: [string, readonly number[], RegExp][] = [
    ["too few counts", [1], /1 counts for 2 rows/],
    ["negative", [-1, 0], /-1 is not a whole number from 0 to 2/],
    ["a whole row", [3, 0], /3 is not a whole number from 0 to 2/],
    ["a fraction", [0.5, 0], /0.5 is not a whole number/],
  ];
  for (const [name, padding, message] of refused) {
    it(`is refused: ${name}`, () => {
      expect(() => decoder.forward(ids, { padding })).toThrow(InvalidArgumentError);
      expect(() => decoder.forward(ids, { padding })).toThrow(message);
    });
  }

  it("is refused once the cache holds positions, which then stays as it was", () => {
    const cache = new KeyValueCache();
    decoder.forward(ids, { cache, padding: [1, 2] });
    expect(() => decoder.forward(ids, { cache, padding: [1, 2] })).toThrow(/already holds 3/);
    expect(cache.length).toBe(3);
    expect(cache.padding).toEqual([1, 2]);
  });
});
