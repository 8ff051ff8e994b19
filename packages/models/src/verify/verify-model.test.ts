/** Verification passes on sound models of both kinds, and finds what is wrong with unsound ones. */
import { InterpretableModelCore } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { describeAnatomy } from "../anatomy/anatomy.js";
import type { DecoderConfig, LayerConfig } from "../decoder/config/config.js";
import { Decoder } from "../decoder/model/decoder.js";
import { initializeWeights } from "../decoder/model/initialize.js";
import { verifyModel } from "./verify-model.js";

const rmsNorm = { kind: "rms", epsilon: 1e-5, bias: false } as const;
const layerNorm = { kind: "layer", epsilon: 1e-5, bias: true } as const;

/** Grouped queries, rotary positions, a gated MLP, tied embeddings. */
const grouped: DecoderConfig = {
  ...{ vocab: 50, hidden: 32, maxPositions: 64, learnedPositions: false, finalNorm: rmsNorm },
  layers: Array.from(
    { length: 2 },
    (): LayerConfig => ({
      inputNorm: rmsNorm,
      attention: {
        ...{
          heads: 4,
          kvHeads: 2,
          headDim: 8,
          scale: 8 ** -0.5,
          qkvBias: false,
          outputBias: false,
        },
        rope: { dims: 8, base: 10_000, interleaved: false },
      },
      postAttentionNorm: rmsNorm,
      mlp: { hidden: 48, activation: "silu", gated: true, bias: false },
    }),
  ),
  head: { tied: true, bias: false },
};

/** Learned positions, biases everywhere, a plain MLP, a head of its own, and few positions. */
const plain: DecoderConfig = {
  ...{ vocab: 5, hidden: 24, maxPositions: 7, learnedPositions: true, finalNorm: layerNorm },
  layers: Array.from(
    { length: 3 },
    (): LayerConfig => ({
      inputNorm: layerNorm,
      attention: { heads: 3, kvHeads: 3, headDim: 8, scale: 0.3, qkvBias: true, outputBias: true },
      postAttentionNorm: layerNorm,
      mlp: { hidden: 40, activation: "geluTanh", gated: false, bias: true },
    }),
  ),
  head: { tied: false, bias: true },
};

/** Norms around both parts, soft caps, a window, normalised queries and keys, scaled embeddings. */
const sandwich: DecoderConfig = {
  ...grouped,
  embeddingScale: 2,
  layers: grouped.layers.map((layer) => ({
    ...layer,
    attention: {
      ...layer.attention,
      ...{ postNorm: rmsNorm, softCap: 5, window: 4 },
      queryKeyNorm: { norm: rmsNorm, over: "head" },
    },
    mlp: { ...layer.mlp, postNorm: rmsNorm },
  })),
  head: { tied: true, bias: false, softCap: 10 },
};

/** A parallel layer with alibi, multipliers and one norm. */
const parallel: DecoderConfig = {
  ...plain,
  learnedPositions: false,
  embeddingNorm: layerNorm,
  layers: plain.layers.map(({ inputNorm, attention, mlp }) => ({
    inputNorm,
    attention: { ...attention, alibi: { factor: 1, rounded: false }, outputScale: 0.4 },
    mlp: { ...mlp, outputScale: 0.4 },
    parallel: true,
  })),
  head: { tied: false, bias: true, scale: 0.5 },
};

function modelOf(config: DecoderConfig) {
  const decoder = initializeWeights(new Decoder(config), { seed: 3, deviation: 0.4 });
  return new InterpretableModelCore(decoder, {
    anatomy: describeAnatomy(decoder, config),
    name: "random",
  });
}

const failed = ({ invariants }: Awaited<ReturnType<typeof verifyModel>>) =>
  invariants.filter(({ passed }) => !passed);

describe.each([
  ["grouped queries", grouped],
  ["learned positions", plain],
  ["norms around both parts", sandwich],
  ["parallel parts and multipliers", parallel],
])("a sound model with %s", (_, config) => {
  it("passes every invariant, and tracing to the bit", async () => {
    const steps: number[] = [];
    const model = modelOf(config);
    const found = await verifyModel(model, { onProgress: ({ done }) => steps.push(done) });
    expect(failed(found)).toEqual([]);
    expect(found.passed).toBe(true);
    expect(found.invariants[0]).toMatchObject({ difference: 0, tolerance: 0 });
    expect(found.invariants.every(({ magnitude }) => magnitude > 0)).toBe(true);
    expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(found.tokens).toHaveLength(Math.min(12, config.maxPositions ?? 12));
  });
});

describe("an unsound model", () => {
  it("is found by the layer whose attention writes more than its heads do", async () => {
    const model = modelOf(grouped);
    const { selfAttn } = model.module.layers[1];
    const { forward } = selfAttn;
    selfAttn.forward = function (...inputs) {
      return mx.multiply(forward.apply(this, inputs), 1.001);
    };
    const wrong = failed(await verifyModel(model));
    expect(wrong.map(({ name, where }) => [name, where])).toEqual([
      ["heads add up", "layers.1.selfAttn"],
    ]);
  });

  it("is found by an unembedding that leaves a scale out", async () => {
    const { module, anatomy } = modelOf(plain);
    const scaled = { ...anatomy, unembed: (x: MxArray) => mx.multiply(anatomy.unembed(x), 0.5) };
    const wrong = failed(
      await verifyModel(new InterpretableModelCore(module, { anatomy: scaled })),
    );
    expect(wrong.map(({ name }) => name)).toEqual(["residual decomposes"]);
  });

  it("is found by gradients that are cut off everywhere, not passed over because they are zero", async () => {
    const model = modelOf(grouped);
    const { finalNorm } = model.module;
    const { forward } = finalNorm!;
    finalNorm!.forward = function (...inputs) {
      return mx.stopGradient(forward.apply(this, inputs));
    };
    const wrong = failed(await verifyModel(model));
    expect(wrong.map(({ name }) => name)).toContain("gradients are differences");
  });

  it("is one that says the same whatever it reads, and still gets a table", async () => {
    const model = modelOf(plain);
    const { embedTokens } = model.module;
    embedTokens.weight = mx.zeros(embedTokens.weight.shape); // the unembedding, too
    const found = await verifyModel(model);
    expect(found.invariants).toHaveLength(11);
  });

  it("is found by a number that is not one", async () => {
    const model = modelOf(grouped);
    const finalNorm = model.module.finalNorm!;
    finalNorm.weight = mx.multiply(finalNorm.weight!, Number.NaN);
    const found = await verifyModel(model);
    expect(found.passed).toBe(false);
    expect(found.invariants[0].difference).toBe(Number.POSITIVE_INFINITY);
  });
});

it("stops when it is cancelled", async () => {
  const cancelled = verifyModel(modelOf(plain), { signal: AbortSignal.abort(new Error("enough")) });
  await expect(cancelled).rejects.toThrow("enough");
});
