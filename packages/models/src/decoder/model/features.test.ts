/** What distinguishes families, one feature at a time, against its definition. */
import { type Linear, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InvalidDecoderConfigError } from "../../errors.js";
import { smallConfig } from "../../test-support/checkpoints.js";
import { smallModel } from "../../test-support/models.js";
import { maxDifference } from "../../test-support/reference.js";
import { KeyValueCache } from "../cache/cache.js";
import type { AttentionConfig, DecoderConfig, LayerConfig, NormConfig } from "../config/config.js";
import { maskedScore } from "../positions/pass.js";
import { Decoder } from "./decoder.js";

const prompt = [[3, 1, 4, 1, 5, 9, 2, 6]];
const plain = smallConfig("llama");
const rms: NormConfig = { kind: "rms", epsilon: 1e-2, bias: false };
const layerNorm: NormConfig = { kind: "layer", epsilon: 1e-2, bias: true };

function withLayers(change: (layer: LayerConfig) => Partial<LayerConfig>): DecoderConfig {
  return { ...plain, layers: plain.layers.map((layer) => ({ ...layer, ...change(layer) })) };
}

function withAttention(change: Partial<AttentionConfig>): DecoderConfig {
  return withLayers(({ attention }) => ({ attention: { ...attention, ...change } }));
}

async function read(config: DecoderConfig, sites: readonly string[]): Promise<MxArray[]> {
  const cache = await smallModel(config).run(prompt, { save: [...sites] });
  return sites.map((site) => cache.get(site));
}

describe("attention", () => {
  it("sees a window of keys, the query's own included", async () => {
    const [pattern] = await read(withAttention({ window: 3 }), ["layers.0.selfAttn.pattern"]);
    const visible = mx.subtract(mx.tri(8, 8), mx.tri(8, 8, -3)); // 1 where query - 3 < key <= query
    const seen = mx.multiply(mx.ones([1, 4, 8, 8]), visible);
    expect(maxDifference(mx.greater(pattern, 0).astype(mx.float32), seen)).toBe(0);
  });

  it("bounds scores before they are masked", async () => {
    const site = "layers.0.selfAttn.scores";
    const [free] = await read(plain, [site]);
    const [capped] = await read(withAttention({ softCap: 2 }), [site]);
    const visible = mx.tri(8, 8);
    const expected = mx.multiply(mx.tanh(mx.divide(free, 2)), 2);
    const apart = mx.multiply(mx.subtract(capped, expected), visible);
    expect(maxDifference(apart, mx.zerosLike(apart))).toBeLessThan(1e-5);
    expect(Number(mx.min(mx.where(mx.equal(visible, 1), -10, capped)).item())).toBeLessThan(-1e8);
  });

  for (const [place, over, norm] of [
    ["each head with one weight", "head", rms],
    ["each head with its own weight", "eachHead", { ...layerNorm, bias: false }],
    ["all heads together", "width", rms],
  ] as const) {
    it(`normalises queries and keys: ${place}`, async () => {
      const config = withAttention({ queryKeyNorm: { norm, over } });
      const [raw, q] = await read(config, ["layers.1.selfAttn.kProj", "layers.1.selfAttn.k"]);
      const rows = over === "width" ? raw : raw.reshape([1, 8, 2, 8]);
      const centred = norm.kind === "layer" ? mx.subtract(rows, mx.mean(rows, -1, true)) : rows;
      const power = mx.add(mx.mean(mx.square(centred), -1, true), norm.epsilon);
      const expected = mx.divide(centred, mx.sqrt(power)).reshape([1, 8, 2, 8]);
      expect(maxDifference(q, expected.transpose(0, 2, 1, 3))).toBeLessThan(1e-5);
    });
  }

  it("gives every head its own weight where the norm has one for each", () => {
    const norm = { kind: "layer", epsilon: 1e-2, bias: false } as const;
    const { module } = smallModel(withAttention({ queryKeyNorm: { norm, over: "eachHead" } }));
    const { qNorm } = module.layers[0].selfAttn;
    qNorm!.weight = mx.multiply(mx.ones([4, 8]), mx.array([1, 2, 3, 4]).reshape([4, 1]));
    const x = mx.multiply(mx.ones([1, 2, 4, 8]), mx.arange(0, 8));
    const heads = qNorm!.forward(x).index(0, 0);
    expect(maxDifference(heads.index(3), mx.multiply(heads.index(0), 4))).toBeLessThan(1e-5);
  });

  it("cuts queries, keys and values off", async () => {
    const sites = ["qProj", "q"].map((name) => `layers.0.selfAttn.${name}`);
    const [raw, q] = await read(withAttention({ clip: 0.5 }), sites);
    const expected = mx.clip(raw, -0.5, 0.5).reshape([1, 8, 4, 8]).transpose(0, 2, 1, 3);
    expect(maxDifference(q, expected)).toBe(0);
  });
});

describe("layers", () => {
  const sites = ["input", "residMid", "selfAttn", "selfAttn.oProj", "mlp", "mlp.downProj"];
  const inLayer = sites.map((name) => (name === "input" ? "layers.1.input" : `layers.1.${name}`));

  it("add what post-norms make of the writes", async () => {
    const config = withLayers(({ attention, mlp }) => ({
      attention: { ...attention, postNorm: rms },
      mlp: { ...mlp, postNorm: rms },
    }));
    const [input, middle, write, raw, mlp, down, after] = await read(config, [
      ...inLayer,
      "layers.1",
    ]);
    const normalized = (x: MxArray) =>
      mx.divide(x, mx.sqrt(mx.add(mx.mean(mx.square(x), -1, true), 1e-2)));
    expect(maxDifference(write, normalized(raw))).toBeLessThan(1e-5);
    expect(maxDifference(mlp, normalized(down))).toBeLessThan(1e-5);
    expect(maxDifference(middle, mx.add(input, write))).toBe(0);
    expect(maxDifference(after, mx.add(middle, mlp))).toBe(0);
  });

  it("add the writes times a multiplier, which the heads' results have too", async () => {
    const config = withLayers(({ attention, mlp }) => ({
      attention: { ...attention, outputBias: true, outputScale: 0.5 },
      mlp: { ...mlp, outputScale: 0.25 },
    }));
    const [, , write, raw, mlp, down, result] = await read(config, [
      ...inLayer,
      "layers.1.selfAttn.result",
    ]);
    expect(maxDifference(write, mx.multiply(raw, 0.5))).toBe(0);
    expect(maxDifference(mlp, mx.multiply(down, 0.25))).toBe(0);
    expect(maxDifference(mx.sum(result, 2), write)).toBeLessThan(1e-5);
  });

  it("feed both parts from the same norm when they are parallel", async () => {
    const config = withLayers(({ postAttentionNorm: _, ...rest }) => ({ ...rest, parallel: true }));
    const layers = config.layers.map(({ postAttentionNorm: _, ...rest }) => rest);
    const [input, middle, write, , , , norm, read_] = await read({ ...config, layers }, [
      ...inLayer,
      "layers.1.inputNorm",
      "layers.1.mlp.input",
    ]);
    expect(maxDifference(read_, norm)).toBe(0);
    expect(maxDifference(middle, mx.add(input, write))).toBe(0);
  });

  it("feed the MLP from a norm of its own, but of the layer's input", async () => {
    const config = withLayers(() => ({ parallel: true }));
    const [input, own] = await read(config, ["layers.1.postAttentionNorm.input", "layers.1.input"]);
    expect(maxDifference(input, own)).toBe(0);
  });

  it("may have no norms before their parts", async () => {
    const layers = plain.layers.map(({ attention, mlp }) => ({ attention, mlp }));
    const [x, attentionInput, middle, mlpInput] = await read({ ...plain, layers }, [
      "layers.1.input",
      "layers.1.selfAttn.input",
      "layers.1.residMid",
      "layers.1.mlp.input",
    ]);
    expect(maxDifference(attentionInput, x)).toBe(0);
    expect(maxDifference(mlpInput, middle)).toBe(0);
  });
});

describe("embeddings and logits", () => {
  it("are scaled, normalised and bounded", async () => {
    const embeddings = { embeddingScale: 3, embeddingNorm: layerNorm };
    const head = { tied: false, bias: false, scale: 0.5, softCap: 2 };
    const [tokens, normalized, input, final, logits] = await read(
      { ...plain, ...embeddings, head },
      ["embedTokens", "embedNorm", "layers.0.input", "finalNorm", "output"],
    );
    const { embedTokens, lmHead } = smallModel({ ...plain, ...embeddings, head }).module;
    const { weight } = lmHead as Linear;
    const rows = embedTokens.weight.index(mx.array(prompt, mx.int32));
    expect(maxDifference(tokens, mx.multiply(rows, 3))).toBe(0);
    expect(maxDifference(normalized, input)).toBe(0);
    const read_ = mx.multiply(mx.matmul(final, weight.T), 0.5);
    expect(maxDifference(logits, mx.multiply(mx.tanh(mx.divide(read_, 2)), 2))).toBeLessThan(1e-5);
  });

  it("start learned positions at a later row", async () => {
    const config = { ...smallConfig("gpt2"), positionOffset: 2 };
    const [positions] = await read(config, ["embedPositions"]);
    const { weight } = smallModel(config).module.embedPositions!;
    expect(weight.shape[0]).toBe(26);
    expect(maxDifference(positions.index(0), weight.index(mx.Slice(2, 10)))).toBe(0);
  });

  it("read norms whose weight is stored without its 1", () => {
    const offset = { ...rms, unitOffset: true };
    const finalNorm = smallModel({ ...plain, finalNorm: offset }).module.finalNorm!;
    expect(toFlat(finalNorm.weight!).every((weight) => weight === 0)).toBe(true);
    finalNorm.weight = mx.multiply(mx.ones([32]), 0.5);
    const x = mx.multiply(mx.ones([2, 32]), 10);
    const expected = 1.5 * (10 / Math.sqrt(100.01));
    expect(
      maxDifference(finalNorm.forward(x), mx.multiply(mx.ones([2, 32]), expected)),
    ).toBeLessThan(1e-5);
  });
});

const combined: Record<string, Partial<AttentionConfig>> = {
  "a window": { window: 3 },
  "a window and a soft cap": { window: 3, softCap: 2 },
  alibi: { rope: undefined, alibi: { factor: 1, rounded: false } },
  "rounded alibi and a window": {
    rope: undefined,
    window: 4,
    alibi: { factor: 0.4, rounded: true },
  },
  "normalised queries and keys": { queryKeyNorm: { norm: rms, over: "head" } },
};

for (const [name, change] of Object.entries(combined)) {
  describe(`passes with ${name}`, () => {
    const model = smallModel(withAttention(change));
    const decoder = model.module;
    const ids = mx.array(prompt, mx.int32);
    const whole = decoder.forward(ids);

    it("give the same logits piece by piece with a cache", () => {
      const cache = new KeyValueCache();
      const pieces = [3, 1, 4].map((length, index, lengths) => {
        const start = lengths.slice(0, index).reduce((sum, before) => sum + before, 0);
        return decoder.forward(ids.index(mx.Slice(), mx.Slice(start, start + length)), { cache });
      });
      expect(maxDifference(mx.concatenate(pieces, 1), whole)).toBeLessThan(1e-5);
    });

    it("give a prompt padded on the left the logits it has alone", () => {
      const padded = mx.concatenate([mx.zeros([1, 3], mx.int32), ids], 1);
      const masked = maskedScore(mx.float32);
      const mask = mx.array([...new Array(3).fill(masked), ...new Array(8).fill(0)]);
      const positions = [[0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7]];
      const logits = decoder.forward(padded, { mask: mask.reshape([1, 1, 1, 11]), positions });
      expect(maxDifference(logits.index(mx.Slice(), mx.Slice(3, null)), whole)).toBeLessThan(1e-5);
    });

    it("compute the same where every way is taken apart", async () => {
      const interventions = { "**": (x: MxArray) => x };
      const apart = (await model.run(prompt, { interventions })).get("output");
      expect(maxDifference(apart, whole)).toBeLessThan(1e-5);
    });
  });
}

it("refuses what contradicts itself", () => {
  const refused: [DecoderConfig, RegExp][] = [
    [{ ...plain, positionOffset: 2 }, /needs learnedPositions/],
    [withAttention({ postNorm: rms, outputScale: 2 }), /exclude each other/],
  ];
  for (const [config, message] of refused) {
    expect(() => new Decoder(config)).toThrow(InvalidDecoderConfigError);
    expect(() => new Decoder(config)).toThrow(message);
  }
});
