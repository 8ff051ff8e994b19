/** Latent attention: its sites, its cache, and the descriptions it refuses. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InvalidDecoderConfigError } from "../../errors.js";
import { smallConfig } from "../../test-support/checkpoints.js";
import { smallModel } from "../../test-support/models.js";
import { maxDifference } from "../../test-support/reference.js";
import type { AttentionConfig, DecoderConfig } from "../config/config.js";
import { Decoder } from "../model/decoder.js";

function latentConfig(change: Partial<AttentionConfig> = {}): DecoderConfig {
  const { layers, ...rest } = smallConfig("llama");
  const attention: AttentionConfig = {
    heads: 4,
    kvHeads: 4,
    headDim: 10,
    scale: 10 ** -0.5,
    qkvBias: false,
    outputBias: false,
    rope: { dims: 4, base: 100, interleaved: true },
    latent: {
      queryRank: 12,
      keyValueRank: 8,
      rotaryDim: 4,
      valueDim: 6,
      norm: { kind: "rms", epsilon: 1e-6, bias: false },
    },
    ...change,
  };
  return { ...rest, layers: layers.map((layer) => ({ ...layer, attention })) };
}

const prompts = [
  [3, 1, 4, 1, 5, 9],
  [2, 7, 1, 8, 2, 8],
];
const at = (name: string) => `layers.1.selfAttn.${name}`;
const still = ["...", mx.Slice(0, 6)] as const;
const turning = ["...", mx.Slice(6, null)] as const;

describe("latent attention", () => {
  const model = smallModel(latentConfig());

  it("turns the last dimensions of a head, which all keys share", async () => {
    const save = ["k", "kRot", "q", "qRot"].map(at);
    const cache = await model.run(prompts, { save });
    const [k, kRot, q, qRot] = save.map((site) => cache.get(site));
    expect(maxDifference(k.index(...still), kRot.index(...still))).toBe(0);
    expect(maxDifference(q.index(...still), qRot.index(...still))).toBe(0);
    expect(maxDifference(q.index(...turning), qRot.index(...turning))).toBeGreaterThan(0.01);
    const shared = kRot.index(mx.Slice(), mx.Slice(0, 1)).index(...turning);
    const own = kRot.index(mx.Slice(), mx.Slice(3, 4)).index(...turning);
    expect(maxDifference(shared, own)).toBe(0);
  });

  it("reads keys and values from the narrow vector", async () => {
    const zero = (x: MxArray) => mx.zerosLike(x);
    const save = ["v", "k"].map(at);
    const interventions = { [at("kvDownNorm")]: zero };
    const cache = await model.run(prompts, { save, interventions });
    expect(maxDifference(cache.get(save[0]), mx.zeros([2, 4, 6, 6]))).toBe(0);
    expect(maxDifference(cache.get(save[1]).index(...still), mx.zeros([2, 4, 6, 6]))).toBe(0);
  });

  it("agrees with itself when scores, pattern and results pass through unchanged", async () => {
    const plain = model.forward(prompts);
    for (const name of ["scores", "pattern", "result"]) {
      const interventions = { [`layers.*.selfAttn.${name}`]: (x: MxArray) => x };
      const logits = (await model.run(prompts, { interventions })).get("output");
      expect(maxDifference(logits, plain), name).toBeLessThan(1e-5);
    }
  });

  it("gives the same logits with a cache", () => {
    const cache = model.createCache();
    const parts = [
      [0, 4],
      [4, 5],
      [5, 6],
    ].map(([start, end]) =>
      model.forward(
        prompts.map((ids) => ids.slice(start, end)),
        { cache },
      ),
    );
    const whole = model.forward(prompts);
    expect(maxDifference(mx.concatenate(parts, 1), whole)).toBeLessThan(1e-5);
  });
});

describe("the description of latent attention", () => {
  const refused: [string, Partial<AttentionConfig>, string][] = [
    ["heads that share keys", { kvHeads: 2 }, "as many as heads"],
    ["heads that turn whole", { headDim: 4 }, "must be less than headDim"],
    [
      "more turning than there is",
      { rope: { dims: 6, base: 100, interleaved: true } },
      "rotaryDim",
    ],
    ["sinks", { sinks: true }, "excludes"],
  ];
  for (const [name, change, message] of refused) {
    it(`is refused for ${name}`, () => {
      expect(() => new Decoder(latentConfig(change))).toThrow(InvalidDecoderConfigError);
      expect(() => new Decoder(latentConfig(change))).toThrow(message);
    });
  }
});
